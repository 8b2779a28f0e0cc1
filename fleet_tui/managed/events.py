"""What happens in a session, as events of ours. They are read by `type` from plain mappings, so an
event that this program does not know is kept by its name and harms nothing.

Source: the event types of the SDK's `beta.sessions.events`, of the beta 2026-04-01.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Literal, TypeAlias

from fleet_tui.model.text import one_line, sanitize

if TYPE_CHECKING:
    from fleet_tui.model.managed_view import ManagedState

MOST_TEXT = 100_000
"""Characters of one text that are kept."""
MOST_INPUT = 2_000

Speaker = Literal["user", "agent", "thinking", "system"]

_STOPS: dict[str, ManagedState] = {
    "end_turn": "idle",
    "requires_action": "waiting",
    "retries_exhausted": "stuck",
    "budget_reached": "over-budget",
    "refusal": "declined",
}
_STATUSES: dict[str, ManagedState] = {
    "running": "running",
    "rescheduling": "rescheduling",
    "rescheduled": "rescheduling",
    "idle": "idle",
    "terminated": "ended",
}
_SPEAKERS: dict[str, Speaker] = {
    "user.message": "user",
    "agent.message": "agent",
    "agent.thinking": "thinking",
    "system.message": "system",
}
_TOOL_USES = ("agent.tool_use", "agent.mcp_tool_use", "agent.custom_tool_use")
_TOOL_RESULTS = (
    "agent.tool_result", "agent.mcp_tool_result", "user.tool_result", "user.custom_tool_result"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody said something."""

    id: str
    speaker: Speaker
    text: str


@dataclass(frozen=True, slots=True)
class Previewed:
    """A piece of what the agent is about to have said; `text` is empty where it begins."""

    id: str
    message: str
    text: str


@dataclass(frozen=True, slots=True)
class ToolUsed:
    """The agent wants to use a tool, or does."""

    id: str
    tool: str
    text: str
    is_asked: bool
    can_answer: bool


@dataclass(frozen=True, slots=True)
class ToolAnswered:
    """What came of it."""

    id: str
    text: str
    is_error: bool


@dataclass(frozen=True, slots=True)
class Decided:
    """A person allowed or denied a use of a tool."""

    id: str
    use: str
    is_allowed: bool
    why: str


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A person asked it to stop."""

    id: str


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The service says what the session does now."""

    id: str
    state: ManagedState
    asks: tuple[str, ...] = ()
    """Ids of the uses that it waits for."""


@dataclass(frozen=True, slots=True)
class Charged:
    """What the session has cost in all, US dollars by list price; None: not named yet."""

    id: str
    usd: float | None


@dataclass(frozen=True, slots=True)
class Capped:
    """A person gave it another budget, US dollars by list price; None: an amount not understood."""

    id: str
    usd: float | None


@dataclass(frozen=True, slots=True)
class Failed:
    """Something went wrong in the session; it may go on."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Deleted:
    """The session is no more."""

    id: str


@dataclass(frozen=True, slots=True)
class Unshown:
    """An event that says nothing to a person, or that this program does not know."""

    id: str
    type: str


CloudEvent: TypeAlias = (
    Said
    | Previewed
    | ToolUsed
    | ToolAnswered
    | Decided
    | Interrupted
    | StateChanged
    | Charged
    | Capped
    | Failed
    | Deleted
    | Unshown
)


def read_event(raw: Mapping[str, object]) -> CloudEvent:
    """Return what a mapping of the service says; never raises for what it holds."""
    kind, identifier = _text(raw, "type"), _text(raw, "id")
    if speaker := _SPEAKERS.get(kind):
        return Said(identifier, speaker, _content(raw))
    if kind in _TOOL_USES:
        is_asked = raw.get("evaluated_permission") == "ask"
        can_answer = kind != "agent.custom_tool_use"
        name = one_line(_text(raw, "name"), 80)
        return ToolUsed(identifier, name, _input(raw.get("input")), is_asked, can_answer)
    if kind in _TOOL_RESULTS:
        return ToolAnswered(identifier, _content(raw), raw.get("is_error") is True)
    if kind.startswith("session.status_"):
        return _state(identifier, kind.removeprefix("session.status_"), raw)
    return _rest(kind, identifier, raw)


def _rest(kind: str, identifier: str, raw: Mapping[str, object]) -> CloudEvent:
    match kind:
        case "user.tool_confirmation":
            why = one_line(_text(raw, "deny_message"), 300)
            is_allowed = raw.get("result") == "allow"
            return Decided(identifier, _text(raw, "tool_use_id"), is_allowed, why)
        case "user.interrupt":
            return Interrupted(identifier)
        case "session.usage":
            return Charged(identifier, list_cost(_mapping(raw.get("usage"))))
        case "session.updated" if raw.get("budget"):
            return Capped(identifier, _usd(_mapping(_mapping(raw["budget"]).get("max_list_cost"))))
        case "session.error":
            fault = _mapping(raw.get("error"))
            said = one_line(_text(fault, "message"), 500)
            return Failed(identifier, f"{one_line(_text(fault, 'type'), 60)}: {said}")
        case "session.deleted":
            return Deleted(identifier)
        case "event_start":
            begun = _mapping(raw.get("event"))
            if begun.get("type") == "agent.message":
                return Previewed("", _text(begun, "id"), "")
        case "event_delta":
            piece = _text(_mapping(_mapping(raw.get("delta")).get("content")), "text")
            return Previewed("", _text(raw, "event_id"), sanitize(piece[:MOST_TEXT]))
    return Unshown(identifier, one_line(kind, 80))


def status_of(word: str) -> ManagedState | None:
    """Return the state for a session's `status`; None for one that is not known."""
    return _STATUSES.get(word)


def list_cost(usage: Mapping[str, object]) -> float | None:
    """Return `list_cost` in US dollars."""
    return _usd(_mapping(usage.get("list_cost")))


def _usd(cost: Mapping[str, object]) -> float | None:
    """Return an amount of money in US dollars: the service gives minor units, as a text."""
    if str(cost.get("currency", "")).upper() != "USD":
        return None
    try:
        amount = Decimal(str(cost.get("amount")))
    except InvalidOperation:
        return None
    return float(amount / 100) if amount.is_finite() and amount >= 0 else None


def unix_time(value: object) -> float | None:
    """Return an RFC 3339 time as Unix seconds; None when it is none."""
    try:
        return datetime.fromisoformat(str(value)).timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _state(identifier: str, word: str, raw: Mapping[str, object]) -> CloudEvent:
    if word != "idle":
        state = _STATUSES.get(word)
        is_known = state is not None
        return StateChanged(identifier, state) if is_known and state else Unshown(identifier, word)
    stop = _mapping(raw.get("stop_reason"))
    asked = stop.get("event_ids")
    ids = tuple(str(use) for use in asked) if isinstance(asked, Sequence) else ()
    return StateChanged(identifier, _STOPS.get(_text(stop, "type"), "idle"), ids)


def _content(raw: Mapping[str, object]) -> str:
    """Return the texts of an event's content, sanitized; what is no text is named."""
    content = raw.get("content")
    if isinstance(content, str):
        return sanitize(content[:MOST_TEXT])
    parts = []
    for block in content if isinstance(content, Sequence) else ():
        inner = _mapping(block)
        text = inner.get("text", inner.get("thinking"))
        parts.append(text if isinstance(text, str) else f"[{inner.get('type', 'something')}]")
    text = "\n".join(parts) or _text(raw, "thinking")
    return sanitize(text[:MOST_TEXT])


def _input(value: object) -> str:
    """Return a tool's input on one line: the command alone where there is one."""
    inner = _mapping(value)
    if len(inner) == 1 and isinstance(only := next(iter(inner.values())), str):
        return one_line(only, MOST_INPUT)
    return one_line(json.dumps(value, ensure_ascii=False, default=str), MOST_INPUT)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _text(raw: Mapping[str, object], key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""
