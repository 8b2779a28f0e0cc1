"""Time as something that is handed in, so that tests own it."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """Wall time for records, monotonic time for durations; both in seconds."""

    def time(self) -> float:
        """Return Unix time."""

    def monotonic(self) -> float:
        """Return a time that never goes back; only differences mean anything."""
