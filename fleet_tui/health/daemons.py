"""Runs what runs by itself: daemons again and again, schedules at their time of day.

One program of a machine runs each of them, the one that holds its lock (`daemons_seat`); only a
machine that leads the fleet runs any. A start is written down (`daemons_book`) before it is
dispatched through the gate, and one that is open keeps the next from beginning.
"""

from __future__ import annotations

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING

from fleet_tui.health.daemons_beats import DaemonBeats
from fleet_tui.health.daemons_book import Book, Start
from fleet_tui.health.daemons_ending import failures_after, rests_until
from fleet_tui.health.daemons_following import Following
from fleet_tui.health.daemons_log import note_order, note_start
from fleet_tui.health.daemons_notices import DaemonNotices
from fleet_tui.health.daemons_picture import Picture
from fleet_tui.health.daemons_seat import holder
from fleet_tui.health.daemons_settings import chosen, duties_of
from fleet_tui.health.daemons_tenure import Tenure
from fleet_tui.health.daemons_times import coming, due, left_out, sane
from fleet_tui.journal.owner import is_alive
from fleet_tui.model.errors import FleetError, JournalError, Refused, UsageError
from fleet_tui.model.events import PartChanged
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from datetime import tzinfo

    from fleet_tui.context import FleetContext
    from fleet_tui.health.daemons_book import Kept
    from fleet_tui.health.daemons_settings import Duty
    from fleet_tui.health.daemons_times import Due
    from fleet_tui.model.daemons_view import DaemonsView
    from fleet_tui.model.run import Run

LOOK_SECONDS = 2.0
"""How often the clock, the locks and the book are looked at: they may change without a word."""
SCREEN = "the screen"


class Daemons:
    """The part. `take_up` sees to runs that a program which is gone has parked; `ready` learns who
    leads, before anything begins."""

    def __init__(
        self,
        context: FleetContext,
        *,
        zone: tzinfo | None = None,
        take_up: Callable[[], None] = lambda: None,
        ready: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self._context = context
        self._zone = zone
        self._take_up = take_up
        self._ready = ready
        self.duties = duties_of(context.config)
        self._mine: tuple[Duty, ...] = ()
        self._who = SCREEN
        self._following: dict[str, Start] = {}
        self._wake = asyncio.Event()
        self._ended = asyncio.Event()
        self._is_leaving = False
        self._problem = ""
        self._shown: DaemonsView | None = None
        self._tell = DaemonNotices(context)
        self._beats = DaemonBeats(context)
        self._seats = Tenure(context, self.duties, lambda: self.book, self._beats)

    @cached_property
    def book(self) -> Book:
        """What is remembered; raises JournalError."""
        return Book(self._context.data_dir, only_looks=bool(self._context.why_not_kept))

    @cached_property
    def _follower(self) -> Following:
        return Following(self._context)

    @cached_property
    def _picture(self) -> Picture:
        return Picture(self._context, self.book, self._follower, self._zone)

    # --- by itself ----------------------------------------------------------------------------

    async def start(self) -> None:
        """Run all of them here, where no other program does, until the fleet is closed."""
        self.serve(self.duties, SCREEN)

    def serve(self, duties: Iterable[Duty], who: str) -> None:
        """Run these from now on; `who` is what other programs say of this one."""
        if not self._mine:
            self.take_on(duties, who)
            self._context.spawn(self._watch())

    def take_on(self, duties: Iterable[Duty], who: str) -> None:
        """Let `tick` see to these."""
        self._mine, self._who = tuple(duties), who

    def leave(self) -> None:
        """Begin nothing more."""
        self._is_leaving = True
        self._wake.set()

    async def settled(self, *names: str) -> None:
        """Return when no start of these, or of any, is followed here."""
        while self._following.keys() & (names or self._following.keys()):
            self._ended.clear()
            await self._ended.wait()

    async def close(self) -> None:
        """Let everything go; a start that has not ended is found in the book by the next one."""
        self._is_leaving = True
        await self._seats.end()
        if "_follower" in self.__dict__:
            self._follower.close()
        if "book" in self.__dict__:
            self.book.close()

    async def _watch(self) -> None:
        try:
            if self._ready is not None:
                await self._ready()
        except FleetError as error:
            self._fail(error)
        while True:
            await self.tick()
            self._wake.clear()
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def tick(self) -> None:
        """Look once at everything, and begin what is due."""
        try:
            for duty in self._mine:
                await self._see_to(duty)
            await self.look()
            assert self._shown is not None
            await self._beats.show(self._shown, self._seats.names)
            self._problem = ""
        except FleetError as error:
            self._fail(error)

    async def look(self) -> DaemonsView:
        """Return the newest picture; raises JournalError."""
        following = frozenset(self._following)
        view = await asyncio.to_thread(
            self._picture.make,
            self.duties,
            self._seats.names,
            following if self._is_leaving or self.why_not() else frozenset(),
            self.why_not() if self._mine else "",
        )
        if view != self._shown:
            self._shown = view
            self._context.bus.publish(PartChanged(view))
        return view

    async def coming(self, name: str, count: int = 5) -> tuple[float, ...]:
        """Return the times at which it starts next, unless it is paused meanwhile; Unix seconds."""
        duty, now = self.duty(name), self._context.clock.time()
        kept = await asyncio.to_thread(self.book.kept, duty, now)
        if kept.is_paused:
            return ()
        past = left_out(duty.rhythm, kept.past, now, self._zone)
        return coming(duty.rhythm, past, count, self._zone)

    def why_not(self) -> str:
        """Return why nothing may begin here, one sentence; empty when it may."""
        context = self._context
        if context.is_read_only:
            return "this program is read-only"
        if context.standing is None or context.dispatch is None:
            return ""
        return context.standing.why_observer(context.clock.time())

    def _fail(self, error: FleetError) -> None:
        told = one_line(str(error), 300)
        if told != self._problem:
            self._problem = told
            self._tell.broken(told)

    # --- one duty -----------------------------------------------------------------------------

    async def _see_to(self, duty: Duty) -> None:
        if self._is_leaving or self.why_not():
            if duty.name not in self._following:
                await self._seats.stand_up(duty.name)
            self._seats.forget()
            return
        if not await self._seats.sit_down(duty, self._who):
            return
        now = self._context.clock.time()
        kept = await asyncio.to_thread(self.book.kept, duty, now)
        if duty.name not in self._following:
            found = await asyncio.to_thread(self.book.open_start, duty.name)
            if found is not None:
                await self._find_again(duty, found)
        if kept.past != sane(kept.past, now):
            await asyncio.to_thread(self.book.move, duty.name, sane(kept.past, now))
            return
        await self._begin_what_is_due(duty, kept, now)

    async def _begin_what_is_due(self, duty: Duty, kept: Kept, now: float) -> None:
        is_busy = duty.name in self._following
        if kept.wanted_at is not None:
            await asyncio.to_thread(self.book.want, duty.name, None)
            if not is_busy:
                await self._begin(duty, None)
            return
        is_asked_for = duty.must_be_confirmed and kept.confirmed != duty.digest
        rests = kept.rest_until is not None and now < kept.rest_until
        if is_busy or kept.is_paused or is_asked_for or rests:
            past = left_out(duty.rhythm, kept.past, now, self._zone)
            if past != kept.past:
                await asyncio.to_thread(self.book.move, duty.name, past, skipped=int(is_busy))
            if is_asked_for and kept.asked != duty.digest:
                self._tell.unconfirmed(duty)
                await asyncio.to_thread(self.book.note_asked, duty.name, duty.digest)
            return
        now_due = due(duty.rhythm, kept.past, now, self._zone)
        if now_due is not None:
            await self._begin(duty, now_due)

    async def _begin(self, duty: Duty, now_due: Due | None) -> Start | None:
        """Write a start down, then make it; None when one is open already."""
        context, now = self._context, self._context.clock.time()
        start = Start(
            dispatch=context.new_id("d"),
            name=duty.name,
            due=now if now_due is None else now_due.at,
            begun_at=now,
            owner=context.owner,
            is_by_hand=now_due is None,
        )
        last_due = None if now_due is None else now_due.at
        if not await asyncio.to_thread(self.book.begin, start, last_due):
            return None
        self._following[duty.name] = start
        if now_due is not None and now_due.missed:
            self._tell.made_up(duty, now_due)
        context.spawn(self._carry(duty, start, is_new=True))
        return start

    async def _find_again(self, duty: Duty, start: Start) -> None:
        """Go on with a start of a program that is gone, or of ours that could not be closed."""
        context = self._context
        self._following[duty.name] = start
        if start.owner != context.owner and not is_alive(context.data_dir, start.owner):
            self._take_up()
            if context.find_left_open is not None:
                await context.find_left_open()
        context.spawn(self._carry(duty, start, is_new=False))

    async def _carry(self, duty: Duty, start: Start, *, is_new: bool) -> None:
        try:
            done: Start | None = None
            runs: list[Run] = []
            if is_new:
                kept = await asyncio.to_thread(self.book.kept, duty, start.begun_at)
                is_confirmed = duty.must_be_confirmed and kept.confirmed == duty.digest
                config = self._context.config
                request = duty.request(start.dispatch, is_confirmed=is_confirmed, config=config)
                await note_start(self._context, duty, start)
                done = await self._follower.make(start, request)
            if done is None:
                self._wake.set()
                done, runs = await self._follower.end_of(start)
            await self._settle(duty, done, runs)
        except JournalError as error:  # the start stays open in the book, and is looked at again
            self._fail(error)
        finally:
            self._following.pop(duty.name, None)
            self._ended.set()
            self._wake.set()

    async def _settle(self, duty: Duty, done: Start, runs: list[Run]) -> None:
        """Tell what a person must know of a start, then close it in the book."""
        now = self._context.clock.time()
        kept = await asyncio.to_thread(self.book.kept, duty, now)
        failures = failures_after(kept.failures, done.outcome)
        self._tell.alerts(duty, runs)
        told = self._tell.ended(duty, done, failures, kept.told)
        rest = rests_until(runs, now) if duty.kind == "daemon" else None
        await asyncio.to_thread(self.book.end, done, failures=failures, told=told, rest_until=rest)

    # --- orders -------------------------------------------------------------------------------

    def duty(self, name: str) -> Duty:
        """Return one of them; raises UsageError."""
        return chosen(self.duties, [name])[0]

    async def run_now(self, name: str) -> None:
        """Let whoever runs it start it once; raises UsageError, Refused, JournalError."""
        duty = await self._free(name)
        if name not in self._seats and not holder(self._context.data_dir, name):
            raise Refused(
                f"no program of this machine runs {name}",
                mend=f"fleet-tui daemon run {name} --once",
            )
        await asyncio.to_thread(self.book.want, duty.name, self._context.clock.time())
        self._wake.set()

    async def run_once(self, name: str, who: str) -> Start:
        """Start it once beside its rhythm, and return how it ended.

        The program that runs it makes the start; this one does when none runs it. Raises
        UsageError, Refused, FleetError when that program ended, JournalError.
        """
        duty = await self._free(name)
        before = await asyncio.to_thread(self.book.recent, name, 1)
        self._who = who
        if await self._seats.sit_down(duty, who):
            await self._begin_by_hand(duty)
        else:
            await asyncio.to_thread(self.book.want, name, self._context.clock.time())
        while True:
            newest = await asyncio.to_thread(self.book.recent, name, 1)
            is_new = [one.dispatch for one in newest] != [one.dispatch for one in before]
            if is_new and newest[0].ended_at is not None:
                await self._seats.stand_up(name)
                return newest[0]
            if name not in self._seats and not holder(self._context.data_dir, name):
                raise FleetError(f"the program that runs {name} has ended", mend="try it again")
            await asyncio.sleep(LOOK_SECONDS / 10)

    async def _begin_by_hand(self, duty: Duty) -> None:
        """Start it once its start of before has ended, which a program that is gone left open."""
        found = await asyncio.to_thread(self.book.open_start, duty.name)
        if found is not None:
            await self._find_again(duty, found)
            await self.settled(duty.name)
        if await self._begin(duty, None) is None:
            raise UsageError(f"the end of its last start could not be noted: {duty.name}")

    async def pause(self, name: str, is_paused: bool) -> None:
        """Let it start nothing by itself, or go on; raises UsageError, JournalError."""
        duty, now = self.duty(name), self._context.clock.time()
        kept = await asyncio.to_thread(self.book.kept, duty, now)
        await note_order(self._context, "pause" if is_paused else "resume", duty)
        if not is_paused:  # what came due meanwhile was not wanted
            past = left_out(duty.rhythm, kept.past, now, self._zone)
            await asyncio.to_thread(self.book.move, name, past)
        await asyncio.to_thread(self.book.pause, name, is_paused, now)
        self._wake.set()

    async def confirm(self, name: str) -> None:
        """Let it write as it stands in fleet.toml now; raises UsageError, JournalError."""
        duty = self.duty(name)
        if not duty.must_be_confirmed:
            raise UsageError(f"{name} only reads: there is nothing to confirm")
        await asyncio.to_thread(self.book.kept, duty, self._context.clock.time())
        await note_order(self._context, "confirm", duty)
        await asyncio.to_thread(self.book.confirm, name, duty.digest)
        self._wake.set()

    async def _free(self, name: str) -> Duty:
        """Return a duty that may be started now; raises UsageError, Refused."""
        duty = self.duty(name)
        if why := self.why_not():
            raise Refused(why, mend="start it on the machine that leads")
        kept = await asyncio.to_thread(self.book.kept, duty, self._context.clock.time())
        if duty.must_be_confirmed and kept.confirmed != duty.digest:
            raise Refused(
                f"{name} may write, and nobody has confirmed that",
                mend=f"fleet-tui daemon confirm {name}",
            )
        found = await asyncio.to_thread(self.book.open_start, name)
        is_held = name in self._seats or bool(holder(self._context.data_dir, name))
        if found is not None and is_held:
            raise UsageError(
                f"{name} is still at its start of before: {found.dispatch}",
                mend="wait for its end, or cancel its runs",
            )
        return duty
