"""Time as something that is handed in, so that tests own it."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


class Clock(Protocol):
    """Wall time for records, monotonic time for durations; both in seconds."""

    def time(self) -> float:
        """Return Unix time."""

    def monotonic(self) -> float:
        """Return a time that never goes back; only differences mean anything."""


@runtime_checkable
class PlayedClock(Protocol):
    """The time of a past that is shown again."""

    speed: float
    """Times real time."""

    @property
    def is_paused(self) -> bool:
        """True while it stands still."""

    @property
    def share(self) -> float:
        """Return how much of the past has been shown, from 0 to 1."""

    def pause(self, is_paused: bool) -> None:
        """Stand still, or go on."""

    def play_at(self, speed: float) -> None:
        """Go on from where it is at another speed, more than 0."""
