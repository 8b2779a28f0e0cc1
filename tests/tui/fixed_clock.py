"""A clock for tests of the screen."""

from __future__ import annotations

NOW = 1_779_100_921.0
"""2026-05-18 10:42:01 UTC."""


class FixedClock:
    """A clock that moves when it is told to."""

    def __init__(self, at: float = NOW) -> None:
        self.at = at
        self.ticks = 0.0

    def time(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.ticks

    def advance(self, seconds: float) -> None:
        self.at += seconds
        self.ticks += seconds
