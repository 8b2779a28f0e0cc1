"""Single events of Claude Code's stream, each turned into ours. Pure functions; see
https://code.claude.com/docs/en/headless for the stream, which names only part of its events.
"""

from __future__ import annotations

import re

from fleet_tui.agents.jsonfields import JsonObject, integer, mapping, number, objects, text
from fleet_tui.agents.wording import bounded, duration, money, plural
from fleet_tui.model.agent import AgentActivity, AgentEvent
from fleet_tui.model.text import one_line, sanitize

SILENT_SUBTYPES = frozenset(
    {
        "background_tasks_changed",
        "hook_progress",
        "hook_response",
        "hook_started",
        "session_state_changed",
        "status",
        "task_notification",
        "task_progress",
        "task_started",
        "task_updated",
        "thinking_tokens",
    }
)
"""`system` events that tell a person nothing the others do not."""

SILENT_TYPES = frozenset({"command_lifecycle", "control_response"})
"""Events that only say how far a message or a request of ours has come."""

_RETRY_ACTIVITY: dict[str, AgentActivity] = {
    "rate_limit": "blocked-limit",
    "authentication_failed": "working",
}
_TOOL_ERROR_TAG = re.compile(r"\A<tool_use_error>|</tool_use_error>\s*\Z")
_MISSING_TOOL = re.compile(r"No such tool available: (\S+?)\.")


def retry(event: JsonObject, *, discards_partial: bool) -> AgentEvent:
    """Return `system/api_retry` as one line: what failed, which attempt, when the next is."""
    status = integer(event, "error_status")
    word = one_line(text(event, "error"), 60).replace("_", " ")
    cause = "no connection" if status is None and word in ("", "unknown") else word or "error"
    code = f" ({status})" if status is not None else ""
    attempt, most = integer(event, "attempt"), integer(event, "max_retries")
    count = f", retry {attempt} of {most}" if attempt is not None and most is not None else ""
    delay = number(event, "retry_delay_ms")
    wait = f" in {duration(delay / 1000)}" if delay is not None else ""
    return AgentEvent("retry", f"{cause}{code}{count}{wait}", discards_partial=discards_partial)


def retry_activity(event: JsonObject) -> AgentActivity:
    """Return what an agent that waits for this retry is doing."""
    return _RETRY_ACTIVITY.get(text(event, "error"), "blocked-network")


def limit(event: JsonObject) -> AgentEvent | None:
    """Return `rate_limit_event` as a `limit`; None while nothing is near its end."""
    info = mapping(event, "rate_limit_info")
    kind = one_line(text(info, "rateLimitType"), 40)
    window = mapping(mapping(info, "unifiedWindows"), kind)
    status = text(info, "status")
    if status == "allowed":
        status = text(window, "status")
    if status not in ("allowed_warning", "rejected"):
        return None
    resets_at = number(info, "resetsAt")
    name = kind.replace("_", "-") or "usage"
    if status == "rejected":
        return AgentEvent("limit", f"{name} limit reached", is_error=True, resets_at=resets_at)
    used = number(window, "utilization")
    share = f", {min(used, 1.0):.0%} used" if used is not None else ""
    return AgentEvent("limit", f"{name} limit near{share}", resets_at=resets_at)


def denied(event: JsonObject) -> AgentEvent:
    """Return `system/permission_denied`: the tool and why."""
    tool = one_line(text(event, "tool_name"), 80)
    why = one_line(text(event, "message"), 400)
    return AgentEvent(
        "denied",
        f"{tool}: {why}" if why else tool,
        tool=tool,
        tool_use=one_line(text(event, "tool_use_id"), 80),
    )


def result_text(block: JsonObject) -> str:
    """Return what a `tool_result` block says; parts that are not text are named in brackets."""
    content = block.get("content")
    if isinstance(content, str):
        return _TOOL_ERROR_TAG.sub("", content)
    parts = []
    for part in objects(block, "content"):
        kind = text(part, "type")
        parts.append(text(part, "text") if kind == "text" else f"[{kind or 'unknown'}]")
    return "\n".join(parts)


def tool_result(block: JsonObject, tool: str, *, is_subagent: bool) -> AgentEvent:
    """Return a `tool_result` block of the call to `tool`."""
    return AgentEvent(
        "tool-result",
        bounded(result_text(block)).rstrip("\n"),
        tool=tool,
        tool_use=one_line(text(block, "tool_use_id"), 80),
        is_error=block.get("is_error") is True,
        is_subagent=is_subagent,
    )


def missing_tool(result: AgentEvent) -> str:
    """Return the tool an agent called although its mode has none such; empty otherwise.

    Claude Code answers such a call itself and does not count it among its denials.
    """
    found = _MISSING_TOOL.search(result.text[:500]) if result.is_error else None
    return one_line(found[1], 80) if found else ""


def notice(event: JsonObject) -> AgentEvent | None:
    """Return `system/informational`, `model_fallback` and their like; None for small talk."""
    subtype = text(event, "subtype")
    words = bounded(text(event, "content"), 4000)
    if subtype == "informational":
        if text(event, "tag") == "hook_no_verdict":
            hook = one_line(text(event, "hook_event"), 60) or "a"
            return AgentEvent("warning", f"{hook} hook gave no verdict: a guard did not run")
        is_warning = text(event, "level") in ("warning", "error")
        return AgentEvent("warning", words) if words and is_warning else None
    if subtype == "model_fallback":
        other = one_line(text(event, "fallback_model"), 80)
        return AgentEvent("warning", words or f"goes on with {other}")
    if subtype == "compact_boundary":
        return AgentEvent("warning", "the conversation was compacted")
    return None


def result(event: JsonObject) -> AgentEvent:
    """Return the summary line of a `result`: how it ended, turns, cost, time."""
    is_error = event.get("is_error") is True or text(event, "subtype") != "success"
    ending = text(event, "terminal_reason").replace("_", " ") or text(event, "subtype")
    parts = ["done" if not is_error else sanitize(ending)[:80] or "failed"]
    if (turns := integer(event, "num_turns")) is not None:
        parts.append(plural(turns, "turn"))
    usage = mapping(event, "model_usage_since_last_result")
    costs = [number(entry, "costUSD") for entry in usage.values() if isinstance(entry, dict)]
    if "model_usage_since_last_result" in event:
        parts.append(money(sum(cost or 0.0 for cost in costs)))
    if (milliseconds := number(event, "duration_ms")) is not None:
        parts.append(duration(milliseconds / 1000))
    return AgentEvent("result", " · ".join(parts), is_error=is_error)


def raw_event(event: JsonObject, line: str) -> AgentEvent:
    """Return an event this program does not know, by its name and its first words."""
    name = "/".join(word for word in (text(event, "type"), text(event, "subtype")) if word)
    return AgentEvent("raw", f"{one_line(name, 80) or 'unnamed'} {one_line(line, 400)}")
