"""Time as it was then, at another speed, with the long silences left out."""

from __future__ import annotations

import itertools
import time
from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SILENCE = 5.0
"""Seconds of the replay after which a silence is cut short."""


class ReplayClock:
    """A clock that begins at the first moment when it is first asked."""

    def __init__(
        self,
        moments: Sequence[float],
        speed: float,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make the clock for these moments (Unix seconds, ascending, at least one)."""
        self._monotonic = monotonic
        self._begun: float | None = None
        self._stood_at: float | None = None
        self._then: list[float] = list(moments)
        self.speed = speed
        self._real = self._plan()

    def _plan(self) -> list[float]:
        """Return when each moment is reached, in seconds of the one who looks on."""
        pairs = itertools.pairwise(self._then)
        lengths = (min((after - before) / self.speed, SILENCE) for before, after in pairs)
        return list(itertools.accumulate(lengths, initial=0.0))

    @property
    def is_paused(self) -> bool:
        """True while it stands still."""
        return self._stood_at is not None

    @property
    def share(self) -> float:
        """Return how much has been shown, from 0 to 1."""
        return min(1.0, self._elapsed() / self._real[-1]) if self._real[-1] else 1.0

    def pause(self, is_paused: bool) -> None:
        """Stand still, or go on from there."""
        elapsed = self._elapsed()
        self._stood_at = elapsed if is_paused else None
        self._begun = self._monotonic() - elapsed

    def play_at(self, speed: float) -> None:
        """Go on from this moment at another speed; of a long silence the rest may be left out."""
        then = self.time()
        at = bisect_right(self._real, self._elapsed()) - 1
        self.speed = speed
        self._real = self._plan()
        reached = self._real[at] + (then - self._then[at]) / speed
        if at + 1 < len(self._real):
            reached = min(reached, self._real[at + 1])
        if self._stood_at is not None:
            self._stood_at = reached
        self._begun = self._monotonic() - reached

    @property
    def is_over(self) -> bool:
        """True when the last moment has passed."""
        return self._elapsed() >= self._real[-1]

    def time(self) -> float:
        """Return the Unix time it was then; it goes on after the last moment."""
        elapsed = self._elapsed()
        at = bisect_right(self._real, elapsed) - 1
        return self._limited(at, self._then[at] + (elapsed - self._real[at]) * self.speed)

    def monotonic(self) -> float:
        """Return the time of the one who looks on."""
        return self._monotonic()

    def _elapsed(self) -> float:
        now = self._monotonic()
        if self._stood_at is not None:
            return self._stood_at
        if self._begun is None:
            self._begun = now
        return now - self._begun

    def _limited(self, at: int, then: float) -> float:
        return then if at + 1 >= len(self._then) else min(then, self._then[at + 1])
