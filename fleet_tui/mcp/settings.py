"""The `[[mcp]]` sections of fleet.toml."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit, urlunsplit

from fleet_tui.config.build import local_path
from fleet_tui.config.paths import expand
from fleet_tui.journal.redact import redact
from fleet_tui.model.errors import UsageError
from fleet_tui.model.nearest import nearest
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.mcp_view import McpTransport
    from fleet_tui.model.run import Origin

ANSWER_SECONDS = 20.0
"""How long an answer may take unless fleet.toml says otherwise."""
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class McpServer:
    """A server as fleet.toml declares it; `command` or `url` is empty, never both."""

    name: str
    host: str = ""
    """Where it runs; empty for this machine."""
    transport: McpTransport = "stdio"
    command: str = ""
    url: str = ""
    timeout: float = ANSWER_SECONDS
    token_env: str = ""
    """The variable of this machine that holds its bearer token; empty for none."""
    token_file: Path | None = None
    """The file of this machine whose first line is that token."""
    origins: frozenset[Origin] = frozenset()
    """Whose prompts runs may be given it for, besides those of the operator."""
    read_only: bool = False
    """True when none of its tools changes anything, so that runs of mode `read` may have it."""

    @property
    def has_token(self) -> bool:
        """True when it is asked with a bearer token."""
        return bool(self.token_env or self.token_file)

    @property
    def token_variable(self) -> str:
        """The variable in which an agent gets the token; empty without one."""
        if not self.has_token:
            return ""
        return self.token_env or "FLEET_MCP_TOKEN_" + re.sub(r"\W", "_", self.name).upper()

    @property
    def place(self) -> str:
        """The command, or the URL, on one line and without what could be a secret in it."""
        return one_line(redact(self.command), 300) or without_secrets(self.url)

    @property
    def door(self) -> tuple[str, int]:
        """The address and port of its URL, as its host sees them."""
        parts = urlsplit(self.url)
        return parts.hostname or "127.0.0.1", parts.port or _PORTS.get(parts.scheme, 80)


def mcp_servers(config: FleetConfig) -> tuple[McpServer, ...]:
    """Return the declared servers, in the order of the file."""
    entries = cast("Sequence[Mapping[str, object]]", config.sections.get("mcp") or ())
    folder = config.path.parent if config.path else Path.cwd()
    return tuple(_server(entry, folder) for entry in entries)


def choose(servers: Iterable[McpServer], names: Sequence[str]) -> tuple[McpServer, ...]:
    """Return the servers of these names, all without one; raises UsageError."""
    by_name = {server.name: server for server in servers}
    for name in names:
        if name not in by_name:
            close = nearest(name, tuple(by_name))
            mend = f'did you mean "{close}"?' if close else "add a [[mcp]] to fleet.toml"
            raise UsageError(f"no MCP server is called {name!r}", mend=mend)
    return tuple(by_name[name] for name in names) if names else tuple(by_name.values())


def without_secrets(url: str) -> str:
    """Return a URL without user, password, query and fragment: any of them may hold a secret."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, place, parts.path, "", ""))


def _server(entry: Mapping[str, object], folder: Path) -> McpServer:
    command, url = str(entry.get("command", "")), str(entry.get("url", ""))
    transport = entry.get("transport") or ("stdio" if command else "http")
    file = entry.get("token_file")
    return McpServer(
        name=str(entry["name"]),
        host=str(entry.get("host", "")),
        transport=cast("McpTransport", transport),
        command=command.strip(),
        url=url,
        timeout=float(cast("float", entry.get("timeout", ANSWER_SECONDS))),
        token_env=str(entry.get("token_env", "")),
        origins=frozenset(cast("Iterable[Origin]", entry.get("origins", ()))),
        read_only=bool(entry.get("read_only", False)),
        token_file=expand(local_path(str(file), folder)) if file else None,
    )
