"""What stands in the audit log: an entry to be written, and a line as it was read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

EventName = Literal[
    "dispatch",
    "result",
    "cancel",
    "refused",
    "claim",
    "commit",
    "message",
    "notice",
    "promote",
    "demote",
    "mcp-call",
    "managed",
    "handoff",
    "queue",
    "daemon",
    "start",
    "stop",
]

EVENTS: frozenset[str] = frozenset(EventName.__args__)  # type: ignore[attr-defined]
"""Every event the log knows; lines of other programs may hold others."""

CLOSING_EVENTS: frozenset[str] = frozenset({"result", "refused"})
"""Events that end the run they name; a `cancel` only asks for its end."""

FieldValue: TypeAlias = str | int | float | None

_KEY = re.compile(r"[a-z][a-z0-9_-]*")
_RESERVED = frozenset({"n", "prev"})


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One event to be logged; its time, number and hash are given to it when it is written.

    Keys are lower-case words; `n` and `prev` belong to the log. Raises ValueError otherwise.
    """

    event: EventName
    fields: Mapping[str, FieldValue]

    def __post_init__(self) -> None:
        if self.event not in EVENTS:
            raise ValueError(f"not an event of the log: {self.event!r}")
        for key in self.fields:
            if key in _RESERVED or _KEY.fullmatch(key) is None:
                raise ValueError(f"not a key of the log: {key!r}")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the log, as read."""

    event: str
    """Empty when the line is in no form that is known."""
    fields: Mapping[str, FieldValue]
    time: float | None
    """Unix seconds; None when the line has no time that can be read."""
    prev: str | None
    """Hash of the line before; None in lines that other programs wrote."""
    sequence: int | None
    """Number among the chained lines, from 1 and across files; None as for `prev`."""
    raw: str
    """The whole line, safe to show."""
    number: int = 0
    """Line number in its file, from 1; 0 when the file was not read from its start."""
    file: str = ""
    """Path of the file it stands in."""

    def text(self, key: str) -> str:
        """Return the field as text; empty when it is missing or null."""
        value = self.fields.get(key)
        return "" if value is None else str(value)
