"""The task store on a NATS server with JetStream, for fleets that outgrow one folder."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import TYPE_CHECKING, TypeVar

from nats.js.errors import KeyNotFoundError, KeyWrongLastSequenceError

from fleet_tui.model.task import FINAL_STATES, TASK_STATES, Listing, Result
from fleet_tui.queue.beatfile import read_beat, write_beat
from fleet_tui.queue.directory_store import check_priority
from fleet_tui.queue.nats_claims import Claims, gone
from fleet_tui.queue.nats_leases import Leases
from fleet_tui.queue.nats_link import NatsLink
from fleet_tui.queue.nats_listing import entries
from fleet_tui.queue.nats_orders import Orders
from fleet_tui.queue.nats_records import key_of, name_of
from fleet_tui.queue.nats_sweep import Sweep
from fleet_tui.queue.nats_texts import Texts
from fleet_tui.queue.nats_view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Sequence
    from pathlib import Path
    from typing import Any

    from fleet_tui.model.clock import Clock
    from fleet_tui.model.task import (
        Beat,
        Claim,
        QueueError,
        Reaped,
        StoredResult,
        Task,
        TaskEntry,
        TaskState,
    )
    from fleet_tui.queue.nats_view import Known
    from fleet_tui.queue.store import Draft, Rules

T = TypeVar("T")


class NatsStore:
    """A TaskStore on a server. Claims of one process are made one after the other."""

    def __init__(
        self,
        url: str,
        rules: Rules,
        clock: Clock,
        *,
        queue: str = "tasks",
        credentials: Path | None = None,
    ) -> None:
        self._rules = rules
        self._link = NatsLink(url, queue, credentials)
        self._view = View(self._link)
        self._leases = Leases(self._link, rules)
        self._texts = Texts(self._link)
        self._claims = Claims(self._view, self._leases, self._texts, rules, clock)
        self._orders = Orders(self._view, self._leases, self._texts, self._claims, clock)
        self._sweep = Sweep(self._link, self._view, self._leases, self._claims, rules, clock)
        self._claiming = asyncio.Lock()

    @property
    def place(self) -> str:
        """The server's address."""
        return self._link.url

    @property
    def rules(self) -> Rules:
        """Lease and attempts."""
        return self._rules

    @property
    def weaknesses(self) -> tuple[str, ...]:
        """What the server's version lacks."""
        return self._link.weaknesses

    async def open(self) -> None:
        """Connect, and make or find the queue."""
        await self._link.open(self._view.forget)
        await self._do("read the queue", self._view.all())

    async def find(self) -> QueueError | None:
        """Connect, and find the queue as it is; a server that has it can keep it."""
        await self._link.find(self._view.forget)
        await self._do("read the queue", self._view.all())
        return None

    async def close(self) -> None:
        """End the watch and the connection."""
        await self._view.close()
        await self._link.close()

    # Filling and reading.

    async def add(self, drafts: Sequence[Draft]) -> list[str]:
        """Put tasks on the queue."""
        return await self._do("add tasks", self._orders.add(drafts))

    async def listing(
        self, states: Collection[TaskState] = TASK_STATES, *, limit: int = 1000
    ) -> Listing:
        """Return counts and entries."""
        known = await self._do("list tasks", self._view.all())
        counted = Counter(one.record.state for one in known.values())
        found = []
        for state in TASK_STATES:
            if state in states:
                rows = sorted(
                    (one for one in known.values() if one.record.state == state), key=_row_order
                )
                found += [self._entry(one, known) for one in rows[:limit]]
        return Listing({state: counted.get(state, 0) for state in TASK_STATES}, tuple(found))

    async def read(self, name: str) -> Task:
        """Return a task."""
        return await self._do("read a task", self._orders.read(name))

    async def results(self, name: str) -> list[StoredResult]:
        """Return what is known of a task's ends."""
        known = await self._do("read results", self._view.get(name))
        if known is None:
            raise gone(name)
        return await self._do("read results", self._texts.results(known.record))

    # Working.

    async def claim(self, accepts: Callable[[Task], bool], *, host: str) -> Claim | None:
        """Take the next task; who is cancelled meanwhile gives it back."""
        async with self._claiming:
            work = asyncio.ensure_future(
                self._do("claim a task", self._claims.claim(accepts, host))
            )
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                late = await work
                if late is not None:
                    await self.release(late)
                raise

    async def resume(self, claim: Claim) -> None:
        """Hold a claim of an earlier start again."""
        await self.beat(claim)

    async def beat(self, claim: Claim) -> None:
        """Show life."""
        await self._do("show life", self._claims.beat(claim))

    async def commit(self, claim: Claim, result: Result) -> None:
        """Make it done."""
        await self._whole("commit a result", self._claims.finish(claim, "done", result))

    async def fail(self, claim: Claim, result: Result) -> None:
        """End it as failed."""
        await self._whole("write down a failure", self._claims.finish(claim, "failed", result))

    async def refuse(self, claim: Claim, reason: str) -> None:
        """Set it aside."""
        result = Result("", outcome="refused", reason=reason, attempt=claim.attempt)
        await self._whole("set a task aside", self._claims.finish(claim, "quarantined", result))

    async def release(
        self, claim: Claim, *, reason: str = "", delay: float = 0.0, counts: bool = False
    ) -> Reaped:
        """Give it back."""
        return await self._whole(
            "give a task back",
            self._claims.release(claim, reason=reason, delay=delay, counts=counts),
        )

    # Orders of an operator.

    async def retry(self, name: str) -> str:
        """Put an ended task back."""
        return await self._whole("put a task back", self._orders.retry(name))

    async def cancel(self, name: str, *, reason: str = "") -> None:
        """End a task as cancelled."""
        await self._whole("cancel a task", self._orders.cancel(name, reason))

    async def take_back(self, name: str, *, reason: str = "") -> None:
        """Take a running task from its owner."""
        await self._whole("take a task back", self._orders.take_back(name, reason))

    async def hold(self, name: str) -> None:
        """Keep a task from being taken."""
        await self._whole("hold a task", self._orders.hold(name))

    async def unhold(self, name: str) -> None:
        """Let it be taken again."""
        await self._whole("let a task go", self._orders.unhold(name))

    async def set_priority(self, name: str, priority: int | None) -> None:
        """Set the priority in force."""
        check_priority(priority)
        await self._whole("reorder", self._orders.set_priority(name, priority))

    async def edit(self, name: str, text: bytes, *, signature: bytes | None = None) -> None:
        """Replace a waiting task's text."""
        await self._whole("edit a task", self._orders.edit(name, text, signature))

    async def remove(self, name: str) -> None:
        """Delete an ended task."""
        await self._whole("remove a task", self._orders.remove(name))

    async def adopt(self, task: Task, entry: TaskEntry, ends: Sequence[StoredResult]) -> bool:
        """Write a task as another queue had it."""
        return await self._whole("take over a task", self._orders.adopt(task, entry, ends))

    # Looking after it.

    async def reap(self) -> list[Reaped]:
        """Recover what silent owners and crashes left."""
        return await self._whole("look after lost tasks", self._sweep.reap())

    async def wait(self, timeout: float) -> bool:
        """Wait for a change of any record."""
        changed = self._view.changed
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await changed.wait()
        told = changed.is_set()
        changed.clear()
        return told

    async def show_life(self, beat: Beat) -> None:
        """Write a heartbeat."""
        await self._do(
            "write a heartbeat", self._link.beats.put(key_of(beat.name), write_beat(beat))
        )

    async def end_life(self, name: str) -> None:
        """Remove a heartbeat."""
        await self._do("remove a heartbeat", self._link.beats.purge(key_of(name)))

    async def heartbeats(self) -> list[Beat]:
        """Return all heartbeats."""
        if "beats" in self._link.lacking:
            return []
        found = await self._do("read heartbeats", entries(self._link.beats, ">"))
        found.sort(key=lambda one: one.key)
        return [read_beat(name_of(one.key), one.value or b"", one.revision or 0) for one in found]

    # What holds for all workers.

    async def put_mark(self, name: str, data: bytes) -> bool:
        """Make a mark."""
        return await self._whole("write a mark", self._put_mark(name, data))

    async def mark(self, name: str) -> bytes | None:
        """Return what a mark says."""
        return await self._do("read a mark", self._mark(name))

    async def remove_mark(self, name: str) -> None:
        """Take a mark away."""
        await self._whole("remove a mark", self._link.marks.purge(name))

    async def marks(self) -> list[str]:
        """Return the names of all marks."""
        if "marks" in self._link.lacking:
            return []
        found = await self._do("list marks", entries(self._link.marks, ">"))
        return sorted(one.key for one in found)

    # How it is done.

    async def _put_mark(self, name: str, data: bytes) -> bool:
        try:
            await self._link.marks.create(name, data)
        except KeyWrongLastSequenceError:
            return False
        return True

    async def _mark(self, name: str) -> bytes | None:
        if "marks" in self._link.lacking:
            return None
        try:
            return (await self._link.marks.get(name)).value or b""
        except KeyNotFoundError:
            return None

    def _entry(self, one: Known, known: dict[str, Known]) -> TaskEntry:
        waits = ""
        if one.record.state == "pending":
            waits = self._claims.waits(one.record, known)
        elif one.record.state == "held":
            waits = "held by the operator"
        return one.record.entry(one.changed_at, waits)

    async def _do(self, doing: str, work: Coroutine[Any, Any, T]) -> T:
        async with self._link.told(doing):
            return await work

    async def _whole(self, doing: str, work: Coroutine[Any, Any, T]) -> T:
        """Bring it to its end also when the caller is cancelled."""
        task = asyncio.ensure_future(self._do(doing, work))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            raise


def _row_order(one: Known) -> tuple[float, str]:
    record = one.record
    if record.state in FINAL_STATES or record.state == "quarantined":
        return (-(one.changed_at or 0.0), record.name)
    return (-record.in_force, record.name)
