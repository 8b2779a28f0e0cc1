"""Which waiting task a worker tries next: the first, or where others claim too, one near it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fleet_tui.queue.nats_records import Record
    from fleet_tui.queue.nats_view import View

CROWD = 32
"""Where others claim too, one of the first so many of the same priority is tried."""
CAREFUL_FOR = 16
"""After a miss, so many claims do not begin with the first."""


class Turns:
    """Remembers the order until something is added to what waits. One claim at a time."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._names: list[str] = []
        self._made_at: int | None = None
        self._careful = 0
        self._random = random.Random()

    def candidates(self, fits: Callable[[Record], bool]) -> Iterator[Record]:
        """Yield tasks to try, each once, of the highest priority first.

        `missed` is to be called for one that could not be had, before the next is asked for.
        """
        if self._made_at != self._view.arrivals:
            self._order()
        at = 0
        while at < len(self._names):
            record = self._view.waiting(self._names[at])
            if record is None:
                del self._names[at]
            elif not fits(record):
                at += 1
            else:
                chosen = self._near(at, record, fits) if self._careful else (at, record)
                del self._names[chosen[0]]
                yield chosen[1]
        self._careful = max(0, self._careful - 1)

    def won(self) -> None:
        """Note that the last one was had."""
        self._careful = max(0, self._careful - 1)

    def missed(self) -> None:
        """Note that somebody else was quicker: it may come back, and others are near."""
        self._careful = CAREFUL_FOR
        self._made_at = None

    def _order(self) -> None:
        self._made_at = self._view.arrivals
        waiting = self._view.all_waiting()
        self._names = [one.name for one in sorted(waiting, key=lambda r: (-r.in_force, r.name))]

    def _near(
        self, start: int, first: Record, fits: Callable[[Record], bool]
    ) -> tuple[int, Record]:
        crowd: list[tuple[int, Record]] = []
        for at in range(start, len(self._names)):
            record = self._view.waiting(self._names[at])
            if record is None or not fits(record):
                continue
            if record.in_force != first.in_force or len(crowd) == CROWD:
                break
            crowd.append((at, record))
        return self._random.choice(crowd)
