"""What the mock model API sends: errors, headers, content blocks, output items."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from tests.support.model_script import Script, ToolCall

ERRORS = {
    400: ("invalid_request_error", "mock invalid request"),
    401: ("authentication_error", "invalid x-api-key"),
    402: ("billing_error", "Your credit balance is too low"),
    403: ("permission_error", "Request not allowed"),
    404: ("not_found_error", "model: unknown"),
    429: ("rate_limit_error", "This request would exceed your account's rate limit."),
    500: ("api_error", "Internal server error"),
    529: ("overloaded_error", "Overloaded"),
}


def error_body(code: int) -> dict[str, Any]:
    kind, words = ERRORS.get(code, ("api_error", "mock error"))
    return {"type": "error", "error": {"type": kind, "message": words}, "request_id": "req_mock"}


def limit_body() -> dict[str, Any]:
    """Return the body by which a subscription's limit is told; each client reads its own type."""
    words = "You have reached your usage limit."
    error = {"type": "usage_limit_reached", "message": words, "resets_in_seconds": 3600}
    return {"type": "error", "error": error, "request_id": "req_mock"}


def limit_headers(status: str, resets_in: int = 3600) -> dict[str, str]:
    """Return the headers by which a subscription learns of its five-hour window."""
    now = int(time.time())
    prefix = "anthropic-ratelimit-unified"
    return {
        f"{prefix}-status": status,
        f"{prefix}-reset": str(now + resets_in),
        f"{prefix}-representative-claim": "five_hour",
        f"{prefix}-5h-status": status,
        f"{prefix}-5h-reset": str(now + resets_in),
        f"{prefix}-5h-utilization": "0.93",
        f"{prefix}-7d-status": "allowed",
        f"{prefix}-7d-reset": str(now + 86400),
        f"{prefix}-7d-utilization": "0.41",
        f"{prefix}-overage-status": "rejected",
        f"{prefix}-overage-disabled-reason": "org_level_disabled",
    }


def blocks(script: Script, results: int) -> tuple[list[dict[str, Any]], str]:
    """Return the content blocks of a Messages response, and why it stops."""
    blocks: list[dict[str, Any]] = []
    if script.has("think"):
        blocks.append({"type": "thinking", "thinking": "mock thought", "signature": "c2ln"})
    if calls := script.calls_after(results):
        blocks.append({"type": "text", "text": "I will use a tool."})
        for call in calls:
            named = {"id": f"toolu_{uuid.uuid4().hex[:16]}", "name": call.name}
            blocks.append({"type": "tool_use", **named, "input": call.arguments})
        return blocks, "tool_use"
    after = f" (after {results} tool results)" if results else ""
    return [*blocks, {"type": "text", "text": script.text + after}], "end_turn"


def block_parts(block: dict[str, Any]) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    """Return how a block begins in a stream, and its deltas."""
    if block["type"] == "text":
        words = block["text"]
        half = len(words) // 2
        parts = ({"type": "text_delta", "text": part} for part in (words[:half], words[half:]))
        return {"type": "text", "text": ""}, parts
    if block["type"] == "thinking":
        thought = {"type": "thinking_delta", "thinking": block["thinking"]}
        signed = {"type": "signature_delta", "signature": block["signature"]}
        return {"type": "thinking", "thinking": "", "signature": ""}, iter([thought, signed])
    arguments = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
    return {**block, "input": {}}, iter([arguments])


def paced(
    deltas: Iterator[dict[str, Any]], script: Script, closing: threading.Event
) -> Iterator[dict[str, Any]]:
    """Yield the extra pieces that `slow` and `endless` ask for, then `deltas`."""
    count, pause = script.pair("slow", (0.0, 0.0))
    if script.has("endless"):
        count, pause = float("inf"), 0.02
    place = 0
    while place < count and not closing.wait(pause):
        yield {"type": "text_delta", "text": f"w{place} "}
        place += 1
    yield from deltas


def _function_call(call: ToolCall) -> dict[str, Any]:
    identity = uuid.uuid4().hex[:10]
    named = {"id": f"fc_{identity}", "call_id": f"call_{identity}", "name": call.name}
    if call.name.startswith("mcp__"):  # codex keeps the tools of a server in its namespace
        space, _, named["name"] = call.name.rpartition("__")
        named["namespace"] = space
    return {"type": "function_call", **named, "arguments": json.dumps(call.arguments)}


def items(script: Script, results: int) -> list[dict[str, Any]]:
    """Return the output items of a Responses response."""
    identity = uuid.uuid4().hex[:10]
    if calls := script.calls_after(results):
        return [_function_call(call) for call in calls]
    after = f" (after {results} outputs)" if results else ""
    part = {"type": "output_text", "text": script.text + after, "annotations": []}
    said = {"type": "message", "id": f"msg_{identity}", "role": "assistant", "status": "completed"}
    message = {**said, "content": [part]}
    if not script.has("think"):
        return [message]
    summary = [{"type": "summary_text", "text": "mock thought"}]
    return [{"type": "reasoning", "id": f"rs_{identity}", "summary": summary}, message]
