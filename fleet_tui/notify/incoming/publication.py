"""One message as ntfy has it: how it is published, and how a subscriber is shown it. Pure.

Formats: ntfy's documentation, "Publishing" (headers, parameters, "Publish as JSON") and "Subscribe
via API" (JSON message format).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from fleet_tui.model.errors import UsageError
from fleet_tui.model.text import one_line, sanitize

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TEXT_LIMIT = 4096
TAGS_LIMIT = 16
ORDINARY = 3
_PRIORITIES = {"min": 1, "low": 2, "default": 3, "high": 4, "max": 5, "urgent": 5}
_NAMES = {
    "title": ("x-title", "title", "t"),
    "priority": ("x-priority", "priority", "prio", "p"),
    "tags": ("x-tags", "tags", "tag", "ta"),
    "click": ("x-click", "click"),
    "sequence_id": ("x-sequence-id", "sequence-id", "sid"),
    "message": ("x-message", "message", "m"),
    "delay": ("x-delay", "delay", "x-at", "at", "x-in", "in"),
}
_SEQUENCE = re.compile(r"[-_.A-Za-z0-9]{1,64}")


@dataclass(frozen=True, slots=True)
class Publication:
    """A message; strings are sanitized."""

    id: str
    time: int
    """Unix seconds."""
    topic: str
    message: str
    title: str = ""
    priority: int = ORDINARY
    tags: tuple[str, ...] = ()
    click: str = ""
    sequence_id: str = ""
    actions: tuple[Mapping[str, object], ...] = ()

    @property
    def as_json(self) -> dict[str, object]:
        """The message as a subscriber gets it: what is not given is left out."""
        told: dict[str, object] = {
            "id": self.id,
            "time": self.time,
            "event": "message",
            "topic": self.topic,
        }
        more: dict[str, object] = {
            "title": self.title,
            "message": self.message,
            "priority": 0 if self.priority == ORDINARY else self.priority,
            "tags": list(self.tags),
            "click": self.click,
            "sequence_id": self.sequence_id,
            "actions": list(self.actions),
        }
        return told | {name: value for name, value in more.items() if value}


def by_headers(
    identifier: str, now: float, topic: str, headers: Mapping[str, str], query: str, body: bytes
) -> Publication:
    """Return what a plain request publishes; raises UsageError for what cannot be meant."""
    asked = {name.lower(): values[-1] for name, values in parse_qs(query).items()}
    given = {key: _first(names, headers, asked) for key, names in _NAMES.items()}
    text = body.decode("utf-8", "replace") or given["message"]
    fields: dict[str, object] = {name: value for name, value in given.items() if value}
    fields["message"] = text
    fields["tags"] = [tag for tag in given["tags"].split(",") if tag.strip()]
    return _publication(identifier, now, topic, fields)


def by_json(identifier: str, now: float, topic: str, fields: Mapping[str, object]) -> Publication:
    """Return what a JSON document publishes; raises UsageError."""
    return _publication(identifier, now, topic, fields)


def of_subscription(fields: Mapping[str, object]) -> Publication | None:
    """Return the message of a line of a subscription; None for `open`, `keepalive` and the like."""
    if fields.get("event") != "message" or not isinstance(fields.get("id"), str):
        return None
    at = fields.get("time")
    moment = float(at) if isinstance(at, int | float) and not isinstance(at, bool) else 0.0
    known = {name: value for name, value in fields.items() if name not in ("delay", "priority")}
    found = fields.get("priority")
    known["priority"] = found if found in (1, 2, 3, 4, 5) else ORDINARY
    identifier = one_line(str(fields["id"]), 64)
    return _publication(identifier, moment, one_line(str(fields.get("topic", "")), 64), known)


def _publication(
    identifier: str, now: float, topic: str, fields: Mapping[str, object]
) -> Publication:
    if fields.get("delay"):
        raise UsageError("delayed messages are not kept here", mend="send it when it is due")
    sequence = str(fields.get("sequence_id", ""))
    return Publication(
        id=identifier,
        time=int(now),
        topic=topic,
        message=_text(fields.get("message", "")) or "triggered",
        title=one_line(str(fields.get("title", "")), 250),
        priority=_priority(fields.get("priority", ORDINARY)),
        tags=_tags(fields.get("tags", ())),
        click=one_line(str(fields.get("click", "")), 500),
        sequence_id=sequence if _SEQUENCE.fullmatch(sequence) else "",
        actions=_actions(fields.get("actions", ())),
    )


def _first(names: Sequence[str], *sources: Mapping[str, str]) -> str:
    return next((source[name] for name in names for source in sources if name in source), "")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise UsageError("the message is no text")
    if len(value.encode("utf-8", "replace")) > TEXT_LIMIT:
        raise UsageError(f"a message may have {TEXT_LIMIT:,} bytes", mend="shorten it")
    return sanitize(value).strip()


def _priority(value: object) -> int:
    if isinstance(value, str):
        value = _PRIORITIES.get(value.strip().lower(), value)
    if isinstance(value, str) and value.strip().isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 5:
        raise UsageError("a priority is a number from 1 to 5, or min, low, high or urgent")
    return value


def _tags(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise UsageError("tags are a list")
    return tuple(one_line(str(tag).strip(), 64) for tag in value[:TAGS_LIMIT])


def _actions(value: object) -> tuple[Mapping[str, object], ...]:
    """Keep at most three buttons as they are: a subscriber presses them, nobody here does."""
    items: Sequence[object] = value if isinstance(value, list | tuple) else ()
    return tuple(item for item in items[:3] if isinstance(item, dict))
