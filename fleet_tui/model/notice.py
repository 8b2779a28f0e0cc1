"""Things a person should know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Notice:
    """One entry of the notifications pane; strings are sanitized, times are Unix seconds."""

    id: str
    at: float
    severity: Severity
    event: str
    """What happened, as a word: `run-finished`, `run-failed`, `host-lost`, `host-back`, …"""
    source: str
    """The host, or `fleet`."""
    text: str
    run: str | None = None
    count: int = 1
