"""The configuration that gives an agent of one machine the declared servers.

A server of the same machine is started, or reached, directly. One that is started elsewhere is
reached by `ssh HOST command`; one that listens elsewhere by a forwarded port, which somebody must
keep open: the command for that is told beside the configuration.
"""

from __future__ import annotations

import json
import shlex
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit, urlunsplit

from fleet_tui.agents.claude_servers import bearer
from fleet_tui.journal.redact import redact
from fleet_tui.mcp.settings import without_secrets
from fleet_tui.transport.bridge import bridge_argv

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.mcp.settings import McpServer
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host

McpAgent = Literal["claude", "codex"]
FIRST_PORT, PORTS = 47_000, 1_000
"""Where forwarded ports lie; each name has its own, the same on every machine."""


@dataclass(frozen=True, slots=True)
class AgentConfig:
    """What to write into an agent's configuration, and what to know about it."""

    entries: Mapping[str, Mapping[str, Any]]
    """By the server's name: `command` and `args`, or `url`; `timeout` in seconds."""
    tunnels: Mapping[str, str]
    """Server name to the command that keeps its port open on that machine."""
    left_out: Mapping[str, str]
    """Server name to why it is not in there."""
    notes: tuple[str, ...] = ()
    tokens: Mapping[str, str] = field(default_factory=dict)
    """Server name to the variable in which the agent must find its bearer token."""


def agent_config(
    config: FleetConfig, servers: Sequence[McpServer], at: str, own_port: int = 0
) -> AgentConfig:
    """Return what an agent on host `at` is given; empty is this machine without a host's name.

    `own_port` is the port of a server that listens elsewhere, instead of the one its name has.
    """
    entries: dict[str, Mapping[str, Any]] = {}
    tunnels: dict[str, str] = {}
    left_out: dict[str, str] = {}
    notes: list[str] = []
    here = next((host.name for host in config.hosts if host.connection == "local"), "")
    by_name = {host.name: host for host in config.hosts}
    for server in servers:
        if redact(server.command) != server.command:
            left_out[server.name] = (
                "its command seems to hold a secret; let it read that from a file of its host"
            )
            continue
        url = without_secrets(server.url)
        if url != server.url:
            notes.append(f"{server.name}: what its url may hold of secrets is left out")
        place = server.host or here
        if place == (at or here):
            entries[server.name] = _near(server, url, by_name.get(place))
            continue
        to = by_name.get(place)
        if to is None or (to.connection == "local" and not to.address):
            left_out[server.name] = f"it runs on this machine, which {at} knows no way to"
            continue
        start = "" if at in ("", here) else at
        if server.transport == "stdio":
            argv = bridge_argv(to, config, at=start, line=server.command)
            entries[server.name] = {"command": argv[0], "args": list(argv[1:])}
        else:
            port = own_port or port_of(server.name)
            address, far = server.door
            forward = f"127.0.0.1:{port}:{address}:{far}"
            stay = ("-N", "-o", "ExitOnForwardFailure=yes", "-L", forward)
            argv = bridge_argv(to, config, at=start, more=stay)
            entries[server.name] = {"url": _moved(url, port), "type": server.transport}
            tunnels[server.name] = shlex.join(argv)
    for server in servers:
        if server.name in entries:
            entries[server.name] = {**entries[server.name], "timeout": server.timeout}
    tokens = {
        server.name: server.token_variable
        for server in servers
        if server.has_token and server.name in entries
    }
    return AgentConfig(entries, tunnels, left_out, tuple(notes), tokens)


def render(found: AgentConfig, agent: McpAgent) -> str:
    """Return the text for the agent: JSON for `claude --mcp-config`, TOML for codex."""
    return _toml(found) if agent == "codex" else _json(found)


def port_of(name: str) -> int:
    """Return the port by which a server that listens elsewhere is reached."""
    return FIRST_PORT + zlib.crc32(name.encode()) % PORTS


def _near(server: McpServer, url: str, host: Host | None) -> Mapping[str, Any]:
    if server.transport != "stdio":
        return {"url": url, "type": server.transport}
    if host is not None and host.shell == "powershell":
        return {"command": "powershell", "args": ["-NoProfile", "-Command", server.command]}
    return {"command": "sh", "args": ["-c", server.command]}


def _moved(url: str, port: int) -> str:
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, f"127.0.0.1:{port}", parts.path, "", ""))


def _json(found: AgentConfig) -> str:
    servers = {
        name: {
            **{key: value for key, value in entry.items() if key != "timeout"},
            **({"headers": bearer(found.tokens[name])} if name in found.tokens else {}),
        }
        for name, entry in found.entries.items()
    }
    return json.dumps({"mcpServers": servers}, indent=2)


def _toml(found: AgentConfig) -> str:
    import tomli_w

    servers = {
        name: {
            **{key: value for key, value in entry.items() if key not in ("timeout", "type")},
            **({"bearer_token_env_var": found.tokens[name]} if name in found.tokens else {}),
            "startup_timeout_sec": entry["timeout"],
        }
        for name, entry in found.entries.items()
        if entry.get("type") != "sse"
    }
    return tomli_w.dumps({"mcp_servers": servers}).rstrip("\n")


def unfit(found: AgentConfig, agent: McpAgent) -> tuple[str, ...]:
    """Return the servers that this agent cannot be given at all."""
    if agent != "codex":
        return ()
    return tuple(name for name, entry in found.entries.items() if entry.get("type") == "sse")
