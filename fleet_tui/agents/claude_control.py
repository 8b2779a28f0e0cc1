"""What is written to Claude Code under `--input-format stream-json`: one JSON object a line.

The control protocol is that of its own SDK (https://code.claude.com/docs/en/agent-sdk); either side
sends `control_request` and is answered by a `control_response` with the same `request_id`. Written
twice, none of our lines does anything twice: requests only ask, answers to a settled question are
ignored, and a message is known by its `uuid`.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet_tui.agents.jsonfields import JsonObject

STARTED = "fleet-initialize"
SETTINGS = "fleet-settings"
SERVERS = "fleet-servers"
INTERRUPT = "fleet-interrupt"

SUBTYPES = {
    STARTED: "initialize",
    SETTINGS: "get_settings",
    SERVERS: "mcp_status",
    INTERRUPT: "interrupt",
}
"""Our requests: the id of each and what it asks. None of them costs a token."""

OPENING = (STARTED, SETTINGS, SERVERS)
"""What must be answered well before the prompt is sent."""


def ask(identifier: str) -> bytes:
    """Return one of our requests. The interrupt also takes back a message not yet begun on."""
    request: JsonObject = {"subtype": SUBTYPES[identifier]}
    if identifier == INTERRUPT:
        request["cancel_queued"] = True
    return _line({"type": "control_request", "request_id": identifier, "request": request})


def message_id(session: str, run: str) -> str:
    """Return the `uuid` of a run's prompt: the same however often it is made, new with each run.

    A session knows the messages of its earlier runs and passes over one whose `uuid` it has seen.
    """
    return str(uuid.uuid5(uuid.UUID(session), run))


def message(prompt: bytes, identifier: str) -> bytes:
    """Return a user message; bytes that are no UTF-8 become U+FFFD."""
    content = prompt.decode("utf-8", "replace")
    said = {"role": "user", "content": content}
    return _line({"type": "user", "uuid": identifier, "message": said})


def allow(identifier: str, arguments: JsonObject) -> bytes:
    """Return the answer that lets a tool run with `arguments`, whatever it was called with."""
    return _answer(identifier, {"behavior": "allow", "updatedInput": arguments})


def deny(identifier: str, reason: str, *, stops: bool) -> bytes:
    """Return the answer that refuses a call; `stops` interrupts the turn as well."""
    refusal: JsonObject = {"behavior": "deny", "message": reason}
    return _answer(identifier, refusal | {"interrupt": True} if stops else refusal)


def unsupported(identifier: str) -> bytes:
    """Return the answer to a request that is not a question; taken for a permission, it denies."""
    failure = {"subtype": "error", "request_id": identifier, "error": "not supported"}
    return _line({"type": "control_response", "response": failure})


def _answer(identifier: str, body: JsonObject) -> bytes:
    answer = {"subtype": "success", "request_id": identifier, "response": body}
    return _line({"type": "control_response", "response": answer})


def _line(value: JsonObject) -> bytes:
    return json.dumps(value).encode() + b"\n"
