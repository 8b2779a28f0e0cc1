"""The two clocks of a run: how long it may take, and how long it may be silent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

EXCUSED_SECONDS = 60.0
"""By how much a run that is excused goes on, until it is looked at again."""


class Limits:
    """Calls `stop` once, when a run's time is up or it has been silent for too long.

    A run that waits for a person, or that we do not hear, is excused: it may take longer.
    """

    def __init__(
        self,
        *,
        time_left: float | None,
        stall_after: float | None,
        silent_for: Callable[[], float],
        is_excused: Callable[[], bool],
        stop: Callable[[Literal["timed-out", "stalled"]], object],
    ) -> None:
        """Start both clocks; durations are seconds, None is no limit."""
        self._loop = asyncio.get_running_loop()
        self._silent_for = silent_for
        self._is_excused = is_excused
        self._stop = stop
        self._timers: dict[str, asyncio.TimerHandle] = {}
        if time_left is not None:
            self._timers["time"] = self._loop.call_later(time_left, self._time_is_up)
        if stall_after:
            self._timers["stall"] = self._loop.call_later(stall_after, self._look, stall_after)

    def cancel(self) -> None:
        """Stop both clocks."""
        for timer in self._timers.values():
            timer.cancel()

    def _time_is_up(self) -> None:
        if self._is_excused():
            self._timers["time"] = self._loop.call_later(EXCUSED_SECONDS, self._time_is_up)
        else:
            self._stop("timed-out")

    def _look(self, limit: float) -> None:
        silent = self._silent_for()
        if self._is_excused():
            self._timers["stall"] = self._loop.call_later(limit, self._look, limit)
        elif silent >= limit:
            self._stop("stalled")
        else:
            self._timers["stall"] = self._loop.call_later(limit - silent, self._look, limit)
