"""Recorded streams, and a quick way to feed a parser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleet_tui.agents.claude_parser import ClaudeParser
from fleet_tui.model.agent import AgentRequest

if TYPE_CHECKING:
    from fleet_tui.agents.base import StreamParser
    from fleet_tui.model.agent import AgentEvent
    from fleet_tui.model.run import Mode

DATA = Path(__file__).parents[1] / "data"
SESSION = "0b9d3a0e-8a5f-4c58-9a3c-6a3f5d1c2b7e"


def lines_of(name: str) -> list[bytes]:
    """Return the lines of a recorded stream."""
    return (DATA / f"{name}.jsonl").read_bytes().splitlines()


def request(mode: Mode = "read", **changes: Any) -> AgentRequest:
    """Return a request with something in every field that must not be empty."""
    fields = {"binary": "/opt/agent", "prompt": "look around", "session": SESSION} | changes
    return AgentRequest(run="r-test", mode=mode, **fields)


def encode(event: dict[str, Any]) -> bytes:
    """Return an event as the line it comes on."""
    return json.dumps(event).encode()


def feed_all(parser: StreamParser, lines: list[bytes]) -> list[AgentEvent]:
    """Return all events that the lines give."""
    return [event for line in lines for event in parser.feed(line)]


def started(mode: Mode = "read", **init: Any) -> tuple[ClaudeParser, list[AgentEvent]]:
    """Return a parser of Claude Code after its `init` event, and what that event gave."""
    fields = {
        "session_id": SESSION,
        "model": "claude-opus-5-5",
        "cwd": "/srv/work",
        "permissionMode": "dontAsk",
        "tools": ["Read", "Grep", "Glob"],
        "mcp_servers": [],
        "claude_code_version": "2.1.329",
    }
    parser = ClaudeParser(request(mode))
    return parser, parser.feed(encode({"type": "system", "subtype": "init", **fields, **init}))


def delta(text: str) -> bytes:
    """Return a streamed piece of the answer."""
    piece = {"type": "text_delta", "text": text}
    event = {"type": "content_block_delta", "index": 0, "delta": piece}
    return encode({"type": "stream_event", "event": event, "parent_tool_use_id": None})


def said(text: str, **fields: Any) -> bytes:
    """Return a finished block of the answer."""
    message = {"model": "claude-opus-5-5", "content": [{"type": "text", "text": text}]}
    return encode({"type": "assistant", "message": message, "parent_tool_use_id": None, **fields})


def result(**fields: Any) -> bytes:
    """Return the event that closes a turn, well unless `fields` say otherwise."""
    standing = {
        "subtype": "success",
        "is_error": False,
        "result": "fine",
        "num_turns": 1,
        "terminal_reason": "completed",
        "session_id": SESSION,
        "model_usage_since_last_result": {"claude-opus-5-5": {"costUSD": 0.25}},
        "total_cost_usd": 7.0,
        "type": "result",
    }
    return encode(standing | fields)
