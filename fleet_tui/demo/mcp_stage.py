"""The demo's MCP servers: which there are, on which hosts, and which of them are in order."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.demo.spec import HostSpec

FILES = "uvx mcp-server-filesystem /srv"
METRICS = "metrics-mcp --stdio"
TICKETS = "tickets-mcp --config ~/.config/tickets.toml"
NOTES = "notes-mcp"
IN_ORDER = (FILES, METRICS)
"""What starts those that answer."""
ANSWER_SECONDS = 10.0


def sections(specs: Sequence[HostSpec], unreachable: str | None) -> Mapping[str, object]:
    """Return the `[[mcp]]` of the demo's fleet; one fails, one is where nobody gets to."""
    fit = [spec for spec in specs if spec.kind != "windows" and spec.name != unreachable]
    well = [spec.name for spec in fit if spec.mood == "well" and not spec.loses_contact]
    nas = [spec.name for spec in fit if spec.kind == "nas"]
    if not well:
        return {}
    servers = [
        _server("files", well[0], FILES),
        _server("metrics", (nas or well)[0], METRICS),
        _server("tickets", well[-1], TICKETS),
    ]
    if unreachable is not None:
        servers.append(_server("notes", unreachable, NOTES))
    return {"mcp": tuple(servers)}


def _server(name: str, host: str, command: str) -> Mapping[str, object]:
    entry = {"name": name, "host": host, "command": command, "timeout": ANSWER_SECONDS}
    return MappingProxyType({**entry, "read_only": True, "origins": ("daemon", "schedule", "mcp")})
