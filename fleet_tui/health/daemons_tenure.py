"""Which daemons this program runs: the locks it holds, and what it learns as it takes one.

A machine that has begun to lead finds in fleet.log when each was started last, by whichever led
before, and goes on from there instead of starting it at once.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.health.daemons_inherited import last_starts
from fleet_tui.health.daemons_seat import Seat

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fleet_tui.context import FleetContext
    from fleet_tui.health.daemons_beats import DaemonBeats
    from fleet_tui.health.daemons_book import Book
    from fleet_tui.health.daemons_inherited import Inherited
    from fleet_tui.health.daemons_settings import Duty


class Tenure:
    """The seats of one program; `book` is opened when it is first needed. Raises JournalError."""

    def __init__(
        self,
        context: FleetContext,
        duties: Sequence[Duty],
        book: Callable[[], Book],
        beats: DaemonBeats,
    ) -> None:
        self._context = context
        self._names = frozenset(duty.name for duty in duties)
        self._book = book
        self._beats = beats
        self._seats: dict[str, Seat] = {}
        self._inherited: Mapping[str, Inherited] | None = None

    @property
    def names(self) -> frozenset[str]:
        """Names of those that are run here."""
        return frozenset(self._seats)

    def __contains__(self, name: str) -> bool:
        return name in self._seats

    async def sit_down(self, duty: Duty, who: str) -> bool:
        """Run one from now on, as `who`; False while another program of this machine does.

        False too for as long as the log of whoever led before has not been taken over.
        """
        if duty.name in self._seats:
            return True
        standing = self._context.standing
        if standing is not None and standing.owes_office:
            return False
        seat = await asyncio.to_thread(Seat.take, self._context.data_dir, duty.name, who)
        if seat is None:
            return False
        try:
            await self._inherit(duty)
        except BaseException:
            seat.give_back()
            raise
        self._seats[duty.name] = seat
        return True

    async def stand_up(self, name: str) -> None:
        """Run one no more."""
        seat = self._seats.pop(name, None)
        if seat is not None:
            await self._beats.end(name)
            seat.give_back()

    async def end(self) -> None:
        """Run none any more."""
        for name in tuple(self._seats):
            await self.stand_up(name)

    def forget(self) -> None:
        """Read the log again before the next one is run: another machine leads meanwhile."""
        self._inherited = None

    async def _inherit(self, duty: Duty) -> None:
        """Note the last start of one where it is newer than any that was made here."""
        if self._inherited is None:
            log = self._context.log.path
            self._inherited = await asyncio.to_thread(last_starts, log, self._names)
        last, now = self._inherited.get(duty.name), self._context.clock.time()
        if last is None or last.rhythm != str(duty.rhythm):
            return
        past = (await asyncio.to_thread(self._book().kept, duty, now)).past
        if past.last_due is None or past.last_due < last.due <= now:
            moved = replace(past, last_due=min(last.due, now))  # their clock may be ahead of ours
            await asyncio.to_thread(self._book().move, duty.name, moved)
