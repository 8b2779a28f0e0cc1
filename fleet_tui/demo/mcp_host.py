"""The MCP servers of the demo's hosts: they say what they are and which tools they have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fleet_tui.demo import mcp_stage
from fleet_tui.transport.root_kill import marked
from fleet_tui.transport.stdio_mcp import HANDSHAKES, UNKNOWN_METHOD

if TYPE_CHECKING:
    from fleet_tui.demo.host import Personality
    from fleet_tui.demo.inbox import Inbox
    from fleet_tui.demo.pace import Pace
    from fleet_tui.demo.streams import Streams

_TOOLS: dict[str, tuple[str, str, dict[str, str]]] = {
    mcp_stage.FILES: (
        "filesystem",
        "1.4.0",
        {
            "read_file": "Read a file below /srv.",
            "list_directory": "List a folder below /srv.",
            "search_files": "Find files below /srv whose name fits.",
            "get_file_info": "Size, owner and times of a file.",
        },
    ),
    mcp_stage.METRICS: (
        "metrics",
        "0.9.2",
        {
            "query": "Numbers of one metric over a span of time.",
            "alerts": "Alerts that are firing.",
        },
    ),
}
_BROKEN = {
    mcp_stage.TICKETS: b"tickets-mcp: ~/.config/tickets.toml: no such file or directory\n",
}
_START_SECONDS = 0.6
_LINES = {marked(command): command for command in (*_TOOLS, *_BROKEN)}


def tools_of(command: str) -> tuple[str, ...]:
    """Return the tools of the server that a command starts; none of one that is not in order."""
    return tuple(_TOOLS[command][2]) if command in _TOOLS else ()


async def serve(
    host: Personality, pace: Pace, line: str, inbox: Inbox, streams: Streams
) -> int | None:
    """Be the server that `line` starts, and return its status; None for any other line."""
    command = _LINES.get(line)
    if command is None:
        return None
    await pace.wait(_START_SECONDS * (3 if host.spec.mood == "slow" else 1))
    if command in _BROKEN:
        await streams.write_error(_BROKEN[command])
        return 2
    while asked := await inbox.read_line():
        answer = _answer(command, json.loads(asked))
        if answer is not None:
            await streams.write(json.dumps(answer).encode() + b"\n")
    return 0


def _answer(command: str, asked: dict[str, Any]) -> dict[str, Any] | None:
    if "id" not in asked:
        return None
    answer: dict[str, Any] = {"jsonrpc": "2.0", "id": asked["id"]}
    name, version, tools = _TOOLS[command]
    if asked.get("method") == "initialize":
        answer["result"] = {
            "protocolVersion": HANDSHAKES[-1],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": name, "version": version},
        }
    elif asked.get("method") == "tools/list":
        answer["result"] = {
            "tools": [
                {"name": tool, "description": about, "inputSchema": {"type": "object"}}
                for tool, about in tools.items()
            ]
        }
    else:
        answer["error"] = {"code": UNKNOWN_METHOD, "message": "no such method"}
    return answer
