"""The command line of Claude Code, by mode.

Where nobody can be asked, what is not allowed is denied. Where somebody can, standard input stays
open and carries the control protocol, the prompt and the answers (`claude_dialogue`).
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.agents.base import CommandLine
from fleet_tui.agents.claude_rights import (
    ASK_TOOL,
    GATED_MODE,
    PERMISSION_MODES,
    READ_TOOLS,
    WRITE_TOOLS,
)
from fleet_tui.agents.claude_servers import servers_document, tools_of
from fleet_tui.agents.claude_settings import settings_document
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

_AS_ROOT = {"IS_SANDBOX": "1"}
"""Without it Claude Code skips no permissions as root. Set only where fleet.toml allows that."""

MAX_TURNS: dict[Mode, int] = {"read": 30, "write": 60, "unrestricted": 100}
"""The only bound on a run without a budget; 0 would mean none."""

_GATE = (
    *("--input-format", "stream-json", "--permission-prompt-tool", "stdio"),
    "--replay-user-messages",
)
"""Questions come on standard output. The last flag makes it repeat what it was told, answers too,
so that the output alone says where a conversation stands."""

REPOSITORY_SERVERS = ".mcp.json"
"""Where a repository declares its MCP servers; read from the folder the agent starts in."""

_SESSION = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_MODEL = re.compile(r"[A-Za-z0-9][\w.:/@\[\]-]{0,199}")


def claude_command(request: AgentRequest) -> CommandLine:
    """Return what to start; raises UsageError for a request that Claude Code would refuse."""
    is_open = keeps_talking(request)
    settings = json.dumps(settings_document(request), separators=(",", ":"))
    argv = [request.binary, "-p", "--output-format", "stream-json", "--verbose"]
    argv += ["--include-partial-messages", *(_GATE if is_open else ())]
    argv += [*_rights(request.mode, can_ask=is_open, opens_hooks="hooks" in request.opens)]
    argv += _servers(request, is_open=is_open)
    argv += ["--strict-mcp-config", "--disable-slash-commands", "--settings", settings]
    argv += _session_flags(request)
    argv += ["--max-turns", str(MAX_TURNS[request.mode])]
    if request.budget_usd is not None:
        argv += ["--max-budget-usd", _budget(request.budget_usd)]
    if request.model is not None:
        if not _MODEL.fullmatch(request.model):
            raise UsageError(f"{request.model!r} is not the name of a model")
        argv += ["--model", request.model]
    prompt = prompt_of(request)
    return CommandLine(
        argv=tuple(argv),
        env=ENVIRONMENT | _patience(request) | (_AS_ROOT if request.is_root else {}),
        stdin=None if is_open else prompt,
        keeps_stdin_open=is_open,
    )


def session_of(request: AgentRequest) -> str:
    """Return the id of the session; raises UsageError for one that is no UUID."""
    if not _SESSION.fullmatch(request.session):
        raise UsageError(f"{request.session!r} is not a UUID, which a session of claude must be")
    return request.session


def keeps_talking(request: AgentRequest) -> bool:
    """True when the run is led by a dialogue. A `read` run has nothing to ask."""
    return request.can_ask and request.mode != "read"


def _session_flags(request: AgentRequest) -> list[str]:
    """Return the flags that begin a session, go on with one, or begin one as a copy."""
    session = session_of(request)
    if request.forks:
        source = session_of(replace(request, session=request.forks))
        return ["--resume", source, "--fork-session", "--session-id", session]
    return ["--resume" if request.resumes else "--session-id", session]


def _rights(mode: Mode, *, can_ask: bool, opens_hooks: bool) -> list[str]:
    """Return the flags that hold the agent to `mode`.

    `--tools` takes all words up to the next flag. Without `--restricted` or `--setting-sources
    user` the hooks and MCP servers of whatever repository it runs in would be started; the hooks
    stand in the repository's settings, so that to open them is to let all of those settings hold.
    """
    sources = "user,project,local" if opens_hooks else "user"
    if mode == "read":
        flags = ["--restricted", "--tools", *READ_TOOLS]
        return [*flags, "--permission-mode", PERMISSION_MODES["read"]]
    if mode == "write":
        tools = [*WRITE_TOOLS, ASK_TOOL] if can_ask else WRITE_TOOLS
        wanted = GATED_MODE if can_ask else PERMISSION_MODES["write"]
        return ["--tools", *tools, "--permission-mode", wanted, "--setting-sources", sources]
    flags = ["--dangerously-skip-permissions"]
    if can_ask:
        flags += ["--disallowedTools", "EnterPlanMode", "ExitPlanMode"]
    return [*flags, "--setting-sources", sources]


def _servers(request: AgentRequest, *, is_open: bool) -> list[str]:
    """Return the flags for the MCP servers it has; where nobody can be asked, they are allowed."""
    files = [REPOSITORY_SERVERS] if "mcp" in request.opens else []
    files += [servers_document(request.servers)] if request.servers else []
    flags = ["--mcp-config", *files] if files else []
    if request.servers and not is_open:
        flags += ["--allowedTools", *(tools_of(server.name) for server in request.servers)]
    return flags


def _patience(request: AgentRequest) -> dict[str, str]:
    """Return how long servers may take to begin, in milliseconds, where one may take longer."""
    longest = max((server.timeout for server in request.servers), default=0.0)
    usual = float(ENVIRONMENT["MCP_TIMEOUT"])
    return {"MCP_TIMEOUT": f"{max(usual, longest * 1000):.0f}"} if request.servers else {}


def _budget(usd: float) -> str:
    if not math.isfinite(usd) or usd <= 0:
        raise UsageError(f"a budget of {usd} US dollars is not more than nothing")
    return f"{usd:.6f}".rstrip("0").rstrip(".")


def prompt_of(request: AgentRequest) -> bytes:
    """Return prompt and extra input; raises UsageError without any.

    A leading slash is moved off the first column, where it is a command.
    """
    data = prompt_bytes(request)
    return b" " + data if data.startswith(b"/") else data
