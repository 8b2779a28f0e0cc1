"""Items of `codex exec --json`, each turned into our events. Pure functions; the shapes are at
https://github.com/openai/codex (`codex-rs/exec/src/exec_events.rs`).
"""

from __future__ import annotations

import re
import shlex

from fleet_tui.agents.jsonfields import JsonObject, integer, mapping, objects, text
from fleet_tui.agents.wording import bounded, raw_text
from fleet_tui.model.agent import AgentEvent
from fleet_tui.model.text import one_line

MAX_COMMAND_CHARACTERS = 8_000
"""Longer commands are not taken apart: only their beginning is shown."""

_RETRY = re.compile(r"^Reconnecting\.\.\.")
_REFUSED = re.compile(r"approval policy is Never; (reject command.*)", re.IGNORECASE)


def is_retry(message: str) -> bool:
    """Return whether an `error` event only says that Codex tries again."""
    return _RETRY.search(message) is not None


def is_waiting_for_network(message: str) -> bool:
    """Return whether Codex waits for a connection, which it does without end."""
    return is_retry(message) and "waiting for network" in message


def refused_command(line: bytes) -> AgentEvent | None:
    """Return the denial that a line of standard error tells of; Codex has no event for it."""
    shown = one_line(line[:8192].decode("utf-8", "replace"), 400)
    found = _REFUSED.search(shown)
    return AgentEvent("denied", found[1], tool="shell") if found else None


def call(item: JsonObject) -> AgentEvent | None:
    """Return the tool call an item is, as it starts; None when it is none."""
    name, argument = _call_words(item)
    if not name:
        return None
    summary = one_line(f"{name}: {argument[:2000]}" if argument else name)
    return AgentEvent("tool", summary, tool=name, tool_use=_identity(item))


def outcome(item: JsonObject) -> AgentEvent | None:
    """Return the result of a call that is over; None when the item is no call or says nothing."""
    name, _ = _call_words(item)
    if not name:
        return None
    code = integer(item, "exit_code")
    is_error = text(item, "status") in ("failed", "declined") or bool(code)
    words = text(item, "aggregated_output")
    if kind := text(mapping(item, "error"), "message"):
        words = kind
    elif not words:
        parts = objects(mapping(item, "result"), "content")
        words = "\n".join(text(part, "text") for part in parts)
    if code and not words:
        words = f"exit {code}"
    if not words and not is_error:
        return None
    return AgentEvent(
        "tool-result",
        bounded(words).rstrip("\n"),
        tool=name,
        tool_use=_identity(item),
        is_error=is_error,
    )


def remark(item: JsonObject) -> AgentEvent | None:
    """Return an item that is speech: answer, thought, plan or warning; None when it is none."""
    kind = text(item, "type")
    if kind == "agent_message":
        return AgentEvent("text", bounded(text(item, "text")))
    if kind == "reasoning":
        return AgentEvent("thinking", bounded(text(item, "text")))
    if kind == "error":
        return AgentEvent("warning", bounded(text(item, "message"), 4000))
    if kind == "todo_list":
        steps = objects(item, "items")
        return AgentEvent("thinking", bounded("\n".join(map(_step, steps))))
    return None


def _inner_command(line: str) -> str:
    """Return what is between the quotes of `/bin/bash -lc '…'`, or `line` as it is."""
    if len(line) > MAX_COMMAND_CHARACTERS:
        return line
    try:
        words = shlex.split(line)
    except ValueError:
        return line
    return words[2] if len(words) == 3 and words[1] in ("-lc", "-c") else line


def _step(step: JsonObject) -> str:
    return f"[{'x' if step.get('completed') is True else ' '}] {text(step, 'text')}"


def raw_item(item: JsonObject, line: bytes) -> AgentEvent:
    """Return an item this program does not know."""
    name = one_line(text(item, "type"), 60) or "unnamed"
    return AgentEvent("raw", f"item/{name} {one_line(raw_text(line), 400)}")


def _identity(item: JsonObject) -> str:
    return one_line(text(item, "id"), 80)


def _call_words(item: JsonObject) -> tuple[str, str]:
    """Return the tool's name and its main argument; two empty strings when it is no call."""
    kind = text(item, "type")
    if kind == "command_execution":
        return "shell", _inner_command(text(item, "command"))
    if kind == "file_change":
        changes = objects(item, "changes")
        listed = (f"{text(change, 'kind')} {text(change, 'path')}" for change in changes[:20])
        return "file change", ", ".join(listed)
    if kind == "mcp_tool_call":
        return one_line(f"{text(item, 'server')}/{text(item, 'tool')}", 80), ""
    if kind == "web_search":
        return "web search", text(item, "query")
    return "", ""
