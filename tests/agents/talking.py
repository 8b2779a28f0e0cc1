"""A dialogue without a process: the lines Claude Code would say, and what is said to it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fleet_tui.agents.claude_dialogue import ClaudeDialogue
from fleet_tui.agents.claude_rights import ASK_TOOL, WRITE_TOOLS
from tests.agents.streams import SESSION, encode, request

if TYPE_CHECKING:
    from fleet_tui.model.agent import AgentEvent
    from fleet_tui.model.run import Mode

STARTED: dict[str, Any] = {"current_permission_mode": "default", "claude_code_version": "2.1.329"}
SETTINGS: dict[str, Any] = {
    "effective": {
        "disableAutoMode": "disable",
        "permissions": {"allow": ["Edit(./**)"], "disableBypassPermissionsMode": "disable"},
    },
    "applied": {"model": "claude-opus-5-5"},
}
SERVERS: dict[str, Any] = {"mcpServers": []}
GOOD: dict[str, dict[str, Any]] = {
    "fleet-initialize": STARTED,
    "fleet-settings": SETTINGS,
    "fleet-servers": SERVERS,
}


def said(data: bytes) -> list[dict[str, Any]]:
    """Return the lines that were written, read as JSON."""
    assert data == b"" or data.endswith(b"\n")
    return [json.loads(line) for line in data.splitlines()]


def reply(identifier: str, body: dict[str, Any] | None) -> bytes:
    """Return Claude Code's answer to one of our requests; None for an error."""
    answer: dict[str, Any] = {"subtype": "success", "request_id": identifier, "response": body}
    if body is None:
        answer = {"subtype": "error", "request_id": identifier, "error": "Unsupported"}
    return encode({"type": "control_response", "response": answer})


def init(**fields: Any) -> bytes:
    """Return the `init` of a gated run."""
    standing = {
        "session_id": SESSION,
        "model": "claude-opus-5-5",
        "cwd": "/srv/work",
        "permissionMode": "default",
        "tools": [*WRITE_TOOLS, ASK_TOOL],
        "mcp_servers": [],
        "claude_code_version": "2.1.329",
    }
    return encode({"type": "system", "subtype": "init", **standing, **fields})


def question(identifier: str = "q1", command: str = "touch x", **fields: Any) -> bytes:
    """Return a question about a shell command."""
    standing = {
        "subtype": "can_use_tool",
        "tool_name": "Bash",
        "input": {"command": command, "description": "why not"},
        "description": "why not",
        "tool_use_id": f"toolu_{identifier}",
        "decision_reason": "This command requires approval",
    }
    body = standing | fields
    return encode({"type": "control_request", "request_id": identifier, "request": body})


def tool_result(tool_use: str) -> bytes:
    """Return the result of a call."""
    block = {"type": "tool_result", "tool_use_id": tool_use, "content": "done"}
    return encode({"type": "user", "message": {"role": "user", "content": [block]}})


def verified(mode: Mode = "write", **fields: Any) -> ClaudeDialogue:
    """Return a dialogue whose prompt is out and whose turn has begun."""
    dialogue = ClaudeDialogue(request(mode, can_ask=True, **fields))
    for identifier, body in GOOD.items():
        assert dialogue.feed(reply(identifier, body)) == []
    assert [line["type"] for line in said(dialogue.take_output())] == ["user"]
    events = dialogue.feed(init())
    assert [event.kind for event in events] == ["init"]
    return dialogue


def stopping(events: list[AgentEvent]) -> list[str]:
    """Return the texts of the events that stop the run."""
    return [event.text for event in events if event.must_stop]
