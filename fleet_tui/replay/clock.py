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
        self.speed = speed
        self._real: list[float] = [0.0]
        self._then: list[float] = [moments[0]]
        for before, after in itertools.pairwise(moments):
            took = min((after - before) / speed, SILENCE)
            self._real.append(self._real[-1] + took)
            self._then.append(after)

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
        if self._begun is None:
            self._begun = now
        return now - self._begun

    def _limited(self, at: int, then: float) -> float:
        return then if at + 1 >= len(self._then) else min(then, self._then[at + 1])
