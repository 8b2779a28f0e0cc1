"""The declared servers as runs are given them: who may have one, how it is reached, its token."""

from __future__ import annotations

import re
import shlex
import zlib
from functools import cached_property
from typing import TYPE_CHECKING

from fleet_tui.mcp.agent_config import agent_config, unfit
from fleet_tui.mcp.settings import choose, mcp_servers
from fleet_tui.mcp.tokens import token_of
from fleet_tui.mcp.trouble import McpTrouble
from fleet_tui.model.errors import Refused
from fleet_tui.model.mcp_run import AgentServer, ServerCase

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.mcp.settings import McpServer
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host
    from fleet_tui.model.run import AgentName

FIRST_PORT, PORTS = 20_000, 10_000
"""Where runs' own forwarded ports lie: below those that systems give out by themselves."""
_NAME = re.compile(r"[A-Za-z0-9_-]+")
"""What Claude Code and Codex both take for the name of a server."""


class McpGrants:
    """See `fleet_tui.dispatch.plan.Grants`."""

    def __init__(self, config: FleetConfig) -> None:
        self._config = config
        self._faults: dict[tuple[str, str, AgentName], str] = {}
        """By server, host and agent: the composer asks anew with each key."""

    @cached_property
    def _declared(self) -> tuple[McpServer, ...]:
        return mcp_servers(self._config)

    def cases(
        self, names: Sequence[str], hosts: Sequence[Host], agent: AgentName
    ) -> tuple[ServerCase, ...]:
        """Return what the gate has to know of these servers; raises UsageError for unknown ones."""
        return tuple(
            ServerCase(
                server.name,
                origins=server.origins,
                only_looks=server.read_only,
                fault=next(filter(None, (self._fault(server, on, agent) for on in hosts)), ""),
            )
            for server in self._chosen(names)
        )

    def servers(
        self, names: Sequence[str], host: Host, agent: AgentName, run: str
    ) -> tuple[AgentServer, ...]:
        """Return how a run on `host` reaches them: those that can be had there."""
        chosen = self._chosen(names)
        return tuple(
            self._reached(server, host, run)
            for server in chosen
            if not self._fault(server, host, agent)
        )

    async def tokens(self, servers: Sequence[AgentServer]) -> Mapping[str, str]:
        """Return the bearer tokens of these servers, by variable; raises Refused."""
        found: dict[str, str] = {}
        wanted = {server.name for server in servers if server.token_variable}
        for server in self._declared:
            if server.name in wanted:
                try:
                    found[server.token_variable] = await token_of(server)
                except McpTrouble as trouble:
                    what = f"MCP server {server.name}: {trouble.what}"
                    raise Refused(what, mend=trouble.mend) from None
        return found

    def _chosen(self, names: Sequence[str]) -> tuple[McpServer, ...]:
        return choose(self._declared, tuple(dict.fromkeys(names))) if names else ()

    def _fault(self, server: McpServer, host: Host, agent: AgentName) -> str:
        """Return why a run on `host` cannot be given a server; empty when it can."""
        key = (server.name, host.name, agent)
        if key not in self._faults:
            self._faults[key] = self._find_fault(server, host, agent)
        return self._faults[key]

    def _find_fault(self, server: McpServer, host: Host, agent: AgentName) -> str:
        found = agent_config(self._config, [server], host.name)
        why = found.left_out.get(server.name, "")
        if not _NAME.fullmatch(server.name):
            why = "agents take only letters, digits, - and _ in the name of a server"
        elif found.notes:
            why = "its url holds what may be a secret; give it a token_env or token_file"
        elif agent == "codex" and unfit(found, "codex"):
            why = "codex speaks no sse"
        elif host.shell == "powershell" and (found.tunnels or found.tokens):
            what = "a tunnel is opened" if found.tunnels else "a token is handed over"
            why = f"{what} on POSIX hosts only"
        return f"{host.name} cannot be given MCP server {server.name}: {why}" if why else ""

    def _reached(self, server: McpServer, host: Host, run: str) -> AgentServer:
        port = FIRST_PORT + zlib.crc32(f"{run}/{server.name}".encode()) % PORTS
        found = agent_config(self._config, [server], host.name, port)
        entry = found.entries[server.name]
        started = (entry["command"], *entry["args"]) if "command" in entry else ()
        return AgentServer(
            name=server.name,
            transport=server.transport,
            command=started,
            url=entry.get("url", ""),
            timeout=server.timeout,
            token_variable=server.token_variable,
            tunnel=tuple(shlex.split(found.tunnels.get(server.name, ""))),
        )
