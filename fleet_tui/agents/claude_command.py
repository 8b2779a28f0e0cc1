"""The command line of Claude Code, by mode. Nobody can be asked: what is not allowed is denied."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from fleet_tui.agents.base import CommandLine
from fleet_tui.agents.claude_rights import PERMISSION_MODES, READ_TOOLS
from fleet_tui.agents.prompting import prompt_bytes
from fleet_tui.model.errors import UsageError

if TYPE_CHECKING:
    from fleet_tui.model.agent import AgentRequest
    from fleet_tui.model.run import Mode

ENVIRONMENT = {
    "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "CLAUDE_CODE_MAX_RETRIES": "4",
    "CLAUDE_CODE_STARTUP_FAILURE_RESULTS": "1",
    "DISABLE_AUTOUPDATER": "1",
    "MCP_TIMEOUT": "10000",
}
"""Without these a lost network takes three minutes to be reported, a background task outlives the
answer, and a refusal at the start is told on standard error only."""

SETTINGS = '{"disableAutoMode":"disable"}'
"""Keeps a classifier from deciding what may run. Kept to this one key: one invalid value voids the
whole document silently."""

MAX_TURNS: dict[Mode, int] = {"read": 30, "write": 60, "unrestricted": 100}
"""The only bound on a run without a budget; 0 would mean none."""

_SESSION = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_MODEL = re.compile(r"[A-Za-z0-9][\w.:/@\[\]-]{0,199}")


def claude_command(request: AgentRequest) -> CommandLine:
    """Return what to start; raises UsageError for a request that Claude Code would refuse."""
    argv = [request.binary, "-p", "--output-format", "stream-json", "--verbose"]
    argv += ["--include-partial-messages", *_rights(request.mode)]
    argv += ["--strict-mcp-config", "--disable-slash-commands", "--settings", SETTINGS]
    if not _SESSION.fullmatch(request.session):
        raise UsageError(f"{request.session!r} is not a UUID, which a session of claude must be")
    argv += ["--session-id", request.session, "--max-turns", str(MAX_TURNS[request.mode])]
    if request.budget_usd is not None:
        argv += ["--max-budget-usd", _budget(request.budget_usd)]
    if request.model is not None:
        if not _MODEL.fullmatch(request.model):
            raise UsageError(f"{request.model!r} is not the name of a model")
        argv += ["--model", request.model]
    return CommandLine(argv=tuple(argv), env=dict(ENVIRONMENT), stdin=_standard_input(request))


def _rights(mode: Mode) -> list[str]:
    """Return the flags that hold the agent to `mode`.

    `--tools` takes all words up to the next flag. Without `--restricted` or `--setting-sources
    user` the hooks and MCP servers of whatever repository it runs in would be started.
    """
    if mode == "read":
        flags = ["--restricted", "--tools", *READ_TOOLS]
        return [*flags, "--permission-mode", PERMISSION_MODES["read"]]
    if mode == "write":
        return ["--permission-mode", PERMISSION_MODES["write"], "--setting-sources", "user"]
    return ["--dangerously-skip-permissions", "--setting-sources", "user"]


def _budget(usd: float) -> str:
    if not math.isfinite(usd) or usd <= 0:
        raise UsageError(f"a budget of {usd} US dollars is not more than nothing")
    return f"{usd:.6f}".rstrip("0").rstrip(".")


def _standard_input(request: AgentRequest) -> bytes:
    """Return the prompt; a leading slash is moved off the first column, where it is a command."""
    data = prompt_bytes(request)
    return b" " + data if data.startswith(b"/") else data
