"""The MCP servers that Claude Code is given for one run, and what it says became of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fleet_tui.agents.jsonfields import objects, text
from fleet_tui.model.agent import AgentEvent
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.agents.jsonfields import JsonObject
    from fleet_tui.model.mcp_run import AgentServer

MOST_SHOWN = 50


def bearer(variable: str) -> dict[str, str]:
    """Return the header by which it sends the token in a variable, which it looks up itself."""
    return {"Authorization": f"Bearer ${{{variable}}}"}


def servers_document(servers: Sequence[AgentServer]) -> str:
    """Return the document for `--mcp-config`; it holds no secret."""
    entries = {server.name: _entry(server) for server in servers}
    return json.dumps({"mcpServers": entries}, separators=(",", ":"))


def _entry(server: AgentServer) -> JsonObject:
    if server.command:
        return {"command": server.command[0], "args": list(server.command[1:])}
    headers = {"headers": bearer(server.token_variable)} if server.token_variable else {}
    return {"type": server.transport, "url": server.url, **headers}


def tools_of(server: str) -> str:
    """Return the rule that stands for all tools of a server, and begins each one's name."""
    return f"mcp__{server}"


def troubles(init: JsonObject, given: Sequence[str]) -> list[AgentEvent]:
    """Return a warning for each server that is not connected, and for each that is missing."""
    said = objects(init, "mcp_servers")
    states = [
        (one_line(text(server, "name"), 60), one_line(text(server, "status"), 40))
        for server in said
    ]
    known = {name for name, _ in states}
    broken = [(name, state or "in an unknown state") for name, state in states]
    broken = [pair for pair in broken if pair[1] != "connected"][:MOST_SHOWN]
    broken += [(name, "missing") for name in given if name not in known]
    return [AgentEvent("warning", f"MCP server {name} is {state}") for name, state in broken]
