"""A worker: claims tasks that fit its host, carries several out at once, and can be drained."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.journal.owner import is_alive
from fleet_tui.model.errors import FleetError
from fleet_tui.model.queue_view import WorkerRow
from fleet_tui.model.task import Beat, QueueError
from fleet_tui.model.text import one_line
from fleet_tui.queue.attempt import AttemptRun, Rest, read_claim
from fleet_tui.queue.fitting import why_unfit

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.model.task import Claim, Task
    from fleet_tui.queue.attempt import Bench
    from fleet_tui.queue.fitting import Ability
    from fleet_tui.queue.ledger import Attempt

LOOK_SECONDS = 2.0
"""How long a worker without anything to do waits for news, at most."""
BEAT_SECONDS = 15.0
LEAVE_SECONDS = 2.0
AWAY_SECONDS = (1.0, 2.0, 5.0, 15.0, 30.0)
"""Pauses while the queue cannot be reached."""


@dataclass(slots=True)
class Tally:
    """What a worker has done since it began."""

    taken: int = 0
    last_word: str = "waiting for tasks"


class Worker:
    """Works for one host until it is drained. Belongs to its loop."""

    def __init__(
        self,
        bench: Bench,
        ability: Ability,
        *,
        name: str,
        slots: int = 1,
        is_paused: Callable[[], bool] = lambda: False,
        changed: Callable[[], None] = lambda: None,
        beat_seconds: float | None = None,
    ) -> None:
        self.name = name
        self.ability = ability
        self.slots = slots
        self.tally = Tally()
        self._bench = bench
        self._is_paused = is_paused
        self._changed = changed
        self._beat_seconds = beat_seconds or min(BEAT_SECONDS, bench.store.rules.beat_every)
        self._active: dict[str, AttemptRun] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._is_draining = False
        self._rests_until = 0.0
        self._rests_because = ""
        self._counter = itertools.count(1)

    @property
    def doing(self) -> tuple[str, ...]:
        """Names of the tasks it holds."""
        return tuple(attempt.task.name for attempt in self._active.values())

    @property
    def resting(self) -> str:
        """Why it takes nothing for now; empty when it does."""
        left = self._rests_until - self._bench.context.clock.monotonic()
        return f"{self._rests_because} (for {left:.0f} s)" if left > 0 else ""

    def row(self) -> WorkerRow:
        """Return how the screen is shown it."""
        return WorkerRow(
            self.name,
            self.ability.host,
            doing=self.doing,
            labels=tuple(sorted(self.ability.labels)),
            slots=self.slots,
            is_paused=self._is_paused(),
            is_ours=True,
            resting=self.resting,
        )

    async def run(self, *, once: bool = False) -> None:
        """Work until drained; with `once` until there is nothing that can be taken now."""
        life = asyncio.create_task(self._show_life())
        try:
            await self._take_up()
            await self._work(once=once)
        finally:
            life.cancel()
            await asyncio.wait([life], timeout=LEAVE_SECONDS)
            await self._let_go()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._end_life()

    def drain(self) -> None:
        """Take nothing more; `run` returns when what is held has ended."""
        self._is_draining = True
        self._wake.set()

    async def hand_back(self) -> None:
        """Drain, end what runs, and give the tasks to whoever wants them."""
        self.drain()
        await asyncio.gather(*(attempt.hand_back() for attempt in self._active.values()))

    def leave(self) -> None:
        """Note that the program ends: a run that ends with it gives its task back."""
        self.drain()
        for attempt in self._active.values():
            attempt.is_handing_back = True

    # --- inside -------------------------------------------------------------------------------

    async def _let_go(self) -> None:
        """Wait for those tasks whose runs have ended: the queue is still to be told."""
        over = {key for key, attempt in self._active.items() if attempt.is_over}
        telling = [task for task in self._tasks if task.get_name() in over]
        if telling:
            await asyncio.wait(telling, timeout=LEAVE_SECONDS)

    async def _work(self, *, once: bool) -> None:
        misses = 0
        while True:
            self._wake.clear()
            claim = None
            if self._may_take():
                try:
                    claim = await self._bench.store.claim(self._accepts, host=self.ability.host)
                    misses = 0
                except QueueError as error:
                    pause = AWAY_SECONDS[min(misses, len(AWAY_SECONDS) - 1)]
                    misses += 1
                    self._rest(Rest(pause, f"the queue is away: {one_line(str(error), 160)}"))
            if claim is not None:
                self._begin(claim)
                continue
            is_idle = not self._active
            if is_idle and (self._is_draining or once):
                return
            await self._wait()

    def _may_take(self) -> bool:
        is_free = len(self._active) < self.slots
        return is_free and not self._is_draining and not self._is_paused() and not self.resting

    def _accepts(self, task: Task) -> bool:
        hosts = self._bench.context.config.hosts
        return not why_unfit(task.options, self.ability, hosts)

    def _begin(self, claim: Claim) -> None:
        attempt = AttemptRun(self._bench, claim, self.name)
        self.tally.taken += 1
        self.tally.last_word = f"took {claim.task.name}"
        self._spawn(attempt, None)

    def _spawn(self, attempt: AttemptRun, earlier: Attempt | None) -> None:
        key = attempt.claim.token
        self._active[key] = attempt
        task = asyncio.create_task(self._carry_out(attempt, earlier), name=key)
        self._tasks.add(task)

        def ended(done: asyncio.Task[None]) -> None:
            self._tasks.discard(done)
            self._active.pop(key, None)
            self._wake.set()
            self._changed()

        task.add_done_callback(ended)
        self._changed()

    async def _carry_out(self, attempt: AttemptRun, earlier: Attempt | None) -> None:
        try:
            rest = await (attempt.take_up(earlier) if earlier else attempt.carry_out())
        except FleetError as error:  # the journal cannot be written: nothing may start then
            rest = Rest(AWAY_SECONDS[-1], one_line(str(error), 160))
            key = f"queue/worker/{self.name}"
            self._bench.context.notice(key, "error", "worker-failed", self.ability.host, str(error))
        if rest.seconds:
            self._rest(rest)
        self.tally.last_word = f"ended {attempt.task.name}"

    def _rest(self, rest: Rest) -> None:
        until = self._bench.context.clock.monotonic() + rest.seconds
        if until > self._rests_until:
            self._rests_until, self._rests_because = until, rest.why
            self.tally.last_word = rest.why
            self._changed()

    async def _wait(self) -> None:
        """Return when there may be something to do."""
        news = asyncio.create_task(self._news())
        waking = asyncio.create_task(self._wake.wait())
        try:
            await asyncio.wait([news, waking], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (news, waking):
                task.cancel()
            await asyncio.gather(news, waking, return_exceptions=True)

    async def _news(self) -> None:
        if self._may_take():
            try:
                await self._bench.store.wait(LOOK_SECONDS)
                return
            except QueueError:
                pass
        left = self._rests_until - self._bench.context.clock.monotonic()
        await asyncio.sleep(min(LOOK_SECONDS, left) if left > 0 else LOOK_SECONDS)

    # --- after a crash ------------------------------------------------------------------------

    async def _take_up(self) -> None:
        """Go on with the attempts of a program of this machine that is gone."""
        bench, context = self._bench, self._bench.context
        for attempt in await asyncio.to_thread(bench.ledger.open_attempts):
            if attempt.host != self.ability.host or attempt.owner == context.owner:
                continue
            if is_alive(context.data_dir, attempt.owner):
                continue
            if await asyncio.to_thread(bench.ledger.take_over, attempt, context.owner):
                await self._take_up_one(attempt)

    async def _take_up_one(self, attempt: Attempt) -> None:
        bench = self._bench
        try:
            task = await self._read_again(attempt.name)
            claim = read_claim(attempt.claim, task)
        except (FleetError, ValueError):  # the task is gone: nobody waits for its run
            if bench.context.cancel is not None:
                await bench.context.cancel([attempt.run])
            now = bench.context.clock.time()
            await asyncio.to_thread(bench.ledger.end, attempt.id, now)
            return
        self._spawn(AttemptRun(bench, claim, self.name), attempt)

    async def _read_again(self, name: str) -> Task:
        """Read a task, and wait for the queue if it is away; raises NoSuchTask, TaskTextError."""
        for pause in itertools.chain(AWAY_SECONDS, itertools.repeat(AWAY_SECONDS[-1])):
            try:
                return await self._bench.store.read(name)
            except QueueError as error:
                self._rest(Rest(pause, f"the queue is away: {one_line(str(error), 160)}"))
                await asyncio.sleep(pause)
        raise AssertionError("the pauses never end")

    # --- signs of life ------------------------------------------------------------------------

    async def _show_life(self) -> None:
        while True:
            try:
                await self._bench.store.show_life(self._beat())
            except QueueError as error:
                self.tally.last_word = one_line(str(error), 160)
            await asyncio.sleep(self._beat_seconds)

    def _beat(self) -> Beat:
        is_paused = self._is_paused()
        word = self.resting or ("paused" if is_paused else self.tally.last_word)
        return Beat(
            name=self.name,
            counter=f"{self._bench.context.owner}.{next(self._counter)}",
            host=self.ability.host,
            word="draining" if self._is_draining else word,
            doing=self.doing,
            labels=tuple(sorted(self.ability.labels)),
            slots=self.slots,
            is_paused=is_paused,
        )

    async def _end_life(self) -> None:
        """Take the heartbeat away: who ends on purpose is not dead."""
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await self._bench.store.end_life(self.name)
        except (QueueError, TimeoutError) as error:
            self.tally.last_word = one_line(str(error), 160)
