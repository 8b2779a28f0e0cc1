"""Codex, driven without a screen: `codex exec --json`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Literal

from fleet_tui.agents.base import CommandLine
from fleet_tui.agents.codex_parser import CodexParser
from fleet_tui.agents.prompting import prompt_bytes
from fleet_tui.model.errors import UsageError

if TYPE_CHECKING:
    from fleet_tui.model.agent import AgentRequest
    from fleet_tui.model.run import AgentName, Mode
    from fleet_tui.transport.base import SignalName

_RIGHTS: dict[Mode, tuple[str, ...]] = {
    "read": ("-s", "read-only"),
    "write": ("-s", "workspace-write"),
    "unrestricted": ("--dangerously-bypass-approvals-and-sandbox",),
}
"""`workspace-write` opens the working folder and /tmp, without network."""

_SESSION = re.compile(r"[0-9a-fA-F][0-9a-fA-F-]{7,63}")
_MODEL = re.compile(r"[A-Za-z0-9][\w.:/@-]{0,199}")


def _servers(request: AgentRequest) -> list[str]:
    """Return the settings that give it MCP servers: it does not begin without one of them.

    Nobody can be asked while it runs, so that their tools need no leave. It says nowhere which
    servers it has; those of its own configuration on the host stay.
    """
    flags = []
    for server in request.servers:
        given: dict[str, object] = {"required": True, "default_tools_approval_mode": "approve"}
        if server.command:
            given |= {"command": server.command[0], "args": list(server.command[1:])}
        else:
            given |= {"url": server.url}
        if server.token_variable:
            given |= {"bearer_token_env_var": server.token_variable}
        if server.timeout:
            given |= {"startup_timeout_sec": server.timeout}
        for key, value in given.items():  # JSON of these kinds of values is TOML too
            words = json.dumps(value, ensure_ascii=False)
            flags += ["-c", f"mcp_servers.{server.name}.{key}={words}"]
    return flags


class CodexAdapter:
    """Adapter for the Codex CLI. It has no cap on turns or money, and names no price."""

    name: AgentName = "codex"
    modes: frozenset[Mode] = frozenset({"read", "write", "unrestricted"})
    speaks: Literal["bytes", "events"] = "events"
    interrupt: SignalName = "INT"

    def command(self, request: AgentRequest) -> CommandLine:
        """Return what to start; raises UsageError for a request it cannot carry out.

        Its thread id is its own choice: `request.session` is used to resume one only.
        """
        argv = [request.binary, "exec", "--json", *_RIGHTS[request.mode], "--skip-git-repo-check"]
        if request.model is not None:
            if not _MODEL.fullmatch(request.model):
                raise UsageError(f"{request.model!r} is not the name of a model")
            argv += ["-m", request.model]
        argv += _servers(request)
        if request.resumes:
            if not _SESSION.fullmatch(request.session):
                raise UsageError(f"{request.session!r} is not the id of a thread of codex")
            argv += ["resume", request.session]
        elif request.forks:
            if not _SESSION.fullmatch(request.forks):
                raise UsageError(f"{request.forks!r} is not the id of a thread of codex")
            argv += ["fork", request.forks]
        return CommandLine(argv=(*argv, "-"), stdin=prompt_bytes(request))

    def parser(self, request: AgentRequest | None = None) -> CodexParser:
        """Return a fresh parser. Codex does not say with which rights it runs.

        With the `request` it reckons the cost from the price that stands there.
        """
        return CodexParser(request)

    def dialogue(self, request: AgentRequest) -> None:
        """Return None: it cannot be spoken with while it runs."""
