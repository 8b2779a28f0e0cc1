"""A task store in a folder: one protocol, whether the folder is local or behind SFTP."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, TypeVar

from fleet_tui.model.errors import UsageError
from fleet_tui.model.task import (
    MAX_PRIORITY,
    TASK_STATES,
    LeaseLost,
    Reaped,
    Result,
    check_new_name,
)
from fleet_tui.queue.beatfile import MAX_BEAT, beat_file, read_beat, write_beat
from fleet_tui.queue.directory_backlog import Backlog
from fleet_tui.queue.directory_claims import Claimer
from fleet_tui.queue.directory_custody import Custody, Hold
from fleet_tui.queue.directory_faults import told
from fleet_tui.queue.directory_listing import Lister
from fleet_tui.queue.directory_marks import Marks
from fleet_tui.queue.directory_orders import Orders
from fleet_tui.queue.directory_reaper import Reaper
from fleet_tui.queue.names import BEATS, DONE, FAILED, FOLDERS, TMP, read_claim
from fleet_tui.queue.resultfile import write_result

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
    from typing import Any

    from fleet_tui.model.clock import Clock
    from fleet_tui.model.task import (
        Beat,
        Claim,
        Listing,
        QueueError,
        StoredResult,
        Task,
        TaskEntry,
        TaskState,
    )
    from fleet_tui.queue.directory_seam import QueueFolder
    from fleet_tui.queue.names import ClaimName, EndKind
    from fleet_tui.queue.store import Draft, Rules

T = TypeVar("T")


class Waker(Protocol):
    """Tells when something changed."""

    async def wait(self, timeout: float) -> bool:
        """Return True when something may have changed since the last call."""

    async def close(self) -> None:
        """End it."""


class FolderStore:
    """A TaskStore over a QueueFolder. `drive` runs one piece of the protocol to its end."""

    def __init__(
        self,
        folder: QueueFolder,
        rules: Rules,
        clock: Clock,
        *,
        drive: Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]],
        waker: Waker,
    ) -> None:
        self._folder = folder
        self._rules = rules
        self._drive = drive
        self._waker = waker
        self._custody = Custody(folder, clock)
        self._backlog = Backlog(folder, clock)
        self._claimer = Claimer(self._custody, self._backlog, clock)
        self._reaper = Reaper(self._custody, rules, clock)
        self._orders = Orders(self._custody, self._reaper, clock)
        self._lister = Lister(folder, self._backlog, self._reaper)
        self._marks = Marks(folder)
        self._holds: dict[str, Hold] = {}
        self._looking = asyncio.Lock()
        """One at a time scans what waits: claims, listings and reaping share what they saw."""

    @property
    def place(self) -> str:
        """The folder."""
        return self._folder.place

    @property
    def rules(self) -> Rules:
        """Lease and attempts."""
        return self._rules

    @property
    def weaknesses(self) -> tuple[str, ...]:
        """What the folder's server lacks."""
        return self._folder.weaknesses

    async def open(self) -> None:
        """Make the folders and try what the promise needs."""
        await self._do("open the queue", self._folder.prepare(FOLDERS))

    async def find(self) -> QueueError | None:
        """Find the folders as they are."""
        return await self._do("look at the queue", self._folder.find(FOLDERS))

    async def close(self) -> None:
        """Let go of the folder."""
        await self._waker.close()
        await self._do("close the queue", self._folder.close())

    # Filling and reading.

    async def add(self, drafts: Sequence[Draft]) -> list[str]:
        """Put tasks on the queue."""
        names = await self._whole("add tasks", self._orders.add(drafts))
        self._claimer.forget()
        return names

    async def listing(
        self, states: Collection[TaskState] = TASK_STATES, *, limit: int = 1000
    ) -> Listing:
        """Return counts and entries."""
        async with self._looking:
            return await self._do("list tasks", self._lister.listing(states, limit))

    async def read(self, name: str) -> Task:
        """Return a task from wherever it is."""
        return await self._do("read a task", self._orders.read(_checked(name)))

    async def results(self, name: str) -> list[StoredResult]:
        """Return what is known of a task's ends."""
        async with self._looking:
            return await self._do("read results", self._lister.results(_checked(name)))

    # Working.

    async def claim(self, accepts: Callable[[Task], bool], *, host: str) -> Claim | None:
        """Take the next task; who is cancelled meanwhile gives it back."""
        async with self._looking:
            work = asyncio.ensure_future(
                self._do("claim a task", self._claimer.claim(accepts, host))
            )
            try:
                found = await asyncio.shield(work)
            except asyncio.CancelledError:
                late = await work
                if late is not None:
                    await self._give(late[1], late[0], None, "")
                raise
        if found is None:
            return None
        claim, hold = found
        self._holds[claim.token] = hold
        return claim

    async def resume(self, claim: Claim) -> None:
        """Hold a claim of an earlier start again: its token is the exact name in `running/`."""
        claimed = read_claim(claim.token)
        if claimed is None or claimed.name != claim.task.name or not claimed.fence:
            raise LeaseLost("this is no claim of ours", where=claim.task.name)
        hold = Hold(
            claim.token,
            claimed.name,
            0,
            is_signed=claim.task.signature is not None,
            tries=claim.attempt - 1,
        )
        self._holds[claim.token] = hold
        await self.beat(claim)

    async def beat(self, claim: Claim) -> None:
        """Show life."""
        await self._do("show life", self._custody.beat(self._hold(claim)))

    async def commit(self, claim: Claim, result: Result) -> None:
        """Make it done."""
        await self._end(claim, DONE, "result", result, "commit a result")

    async def fail(self, claim: Claim, result: Result) -> None:
        """End it as failed."""
        await self._end(claim, FAILED, "result", result, "write down a failure")

    async def refuse(self, claim: Claim, reason: str) -> None:
        """Set it aside."""
        result = Result("", outcome="refused", reason=reason, attempt=claim.attempt)
        await self._end(claim, FAILED, "quarantined", result, "set a task aside")

    async def release(
        self, claim: Claim, *, reason: str = "", delay: float = 0.0, counts: bool = False
    ) -> Reaped:
        """Give it back."""
        hold = self._hold(claim)
        attempt = claim.attempt if counts else None
        reaped = await self._whole(
            "give a task back", self._given(hold, claim, attempt, reason or "given back")
        )
        self._holds.pop(claim.token, None)
        if delay > 0:
            self._backlog.rest(claim.task.name, delay)
        self._claimer.forget()
        return reaped

    # Orders of an operator.

    async def retry(self, name: str) -> str:
        """Put an ended task back."""
        back = await self._whole("put a task back", self._orders.retry(_checked(name)))
        self._claimer.forget()
        return back

    async def cancel(self, name: str, *, reason: str = "") -> None:
        """End a task as cancelled."""
        await self._whole("cancel a task", self._orders.cancel(_checked(name), reason))

    async def take_back(self, name: str, *, reason: str = "") -> None:
        """Take a running task from its owner."""
        await self._whole("take a task back", self._orders.take_back(_checked(name), reason))
        self._claimer.forget()

    async def hold(self, name: str) -> None:
        """Keep a task from being taken."""
        await self._whole("hold a task", self._orders.hold(_checked(name)))

    async def unhold(self, name: str) -> None:
        """Let it be taken again."""
        await self._whole("let a task go", self._orders.unhold(_checked(name)))
        self._claimer.forget()

    async def set_priority(self, name: str, priority: int | None) -> None:
        """Set the priority in force."""
        check_priority(priority)
        await self._whole("reorder", self._orders.set_priority(_checked(name), priority))
        self._claimer.forget()

    async def edit(self, name: str, text: bytes, *, signature: bytes | None = None) -> None:
        """Replace a waiting task's text."""
        await self._whole("edit a task", self._orders.edit(_checked(name), text, signature))
        self._claimer.forget()

    async def remove(self, name: str) -> None:
        """Delete an ended task."""
        await self._whole("remove a task", self._orders.remove(_checked(name)))

    async def adopt(self, task: Task, entry: TaskEntry, ends: Sequence[StoredResult]) -> bool:
        """Write a task as another queue had it."""
        adopted = await self._whole("take over a task", self._orders.adopt(task, entry, ends))
        self._claimer.forget()
        return adopted

    # Looking after it.

    async def reap(self) -> list[Reaped]:
        """Recover what silent owners and crashes left."""
        async with self._looking:
            reaped = await self._whole("look after lost tasks", self._reaper.reap())
        if reaped:
            self._claimer.forget()
        return reaped

    async def wait(self, timeout: float) -> bool:
        """Wait for a change."""
        with told(self.place, "watch the queue"):
            has_changed = await self._waker.wait(timeout)
        if has_changed:
            self._claimer.forget()
        return has_changed

    async def show_life(self, beat: Beat) -> None:
        """Write a heartbeat, whole or not at all."""
        await self._whole("write a heartbeat", self._beat(beat))

    async def end_life(self, name: str) -> None:
        """Remove a heartbeat."""
        path = f"{BEATS}/{beat_file(name)}"
        await self._do("remove a heartbeat", self._custody.unlink(path))

    async def heartbeats(self) -> list[Beat]:
        """Return all heartbeats."""
        return await self._do("read heartbeats", self._beats())

    # What holds for all workers.

    async def put_mark(self, name: str, data: bytes) -> bool:
        """Make a mark."""
        return await self._whole("write a mark", self._marks.put(name, data))

    async def mark(self, name: str) -> bytes | None:
        """Return what a mark says."""
        return await self._do("read a mark", self._marks.get(name))

    async def remove_mark(self, name: str) -> None:
        """Take a mark away."""
        await self._whole("remove a mark", self._marks.remove(name))

    async def marks(self) -> list[str]:
        """Return the names of all marks."""
        return await self._do("list marks", self._marks.names())

    # How it is done.

    async def _do(self, doing: str, work: Coroutine[Any, Any, T]) -> T:
        with told(self.place, doing):
            done: T = await self._drive(work)
            return done

    async def _whole(self, doing: str, work: Coroutine[Any, Any, T]) -> T:
        """Bring it to its end also when the caller is cancelled."""
        task = asyncio.ensure_future(self._do(doing, work))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            raise

    def _hold(self, claim: Claim) -> Hold:
        hold = self._holds.get(claim.token)
        if hold is None:
            raise LeaseLost("this worker has ended or given back the task", where=claim.task.name)
        return hold

    async def _end(self, claim: Claim, end: str, kind: EndKind, result: Result, doing: str) -> None:
        hold = self._hold(claim)
        data = write_result(result, claim.owner.fence)
        try:
            await self._whole(doing, self._custody.finish(hold, end, kind, data))
        except LeaseLost:
            self._holds.pop(claim.token, None)
            raise
        self._holds.pop(claim.token, None)

    async def _give(self, hold: Hold, claim: Claim, attempt: int | None, why: str) -> None:
        await self._do("give a task back", self._given(hold, claim, attempt, why))

    async def _given(self, hold: Hold, claim: Claim, attempt: int | None, why: str) -> Reaped:
        file = await self._custody.fence_off(hold.file)
        if file is None:
            raise await self._custody.lost(hold)
        if attempt is not None:
            return await self._reaper.hand_back(_read(hold), file, attempt, why)
        await self._custody.put_back(file, hold.name, None, why)
        return Reaped(hold.name, "returned", claim.owner, claim.attempt, why)

    async def _beat(self, beat: Beat) -> None:
        staged = f"{TMP}/{self._custody.fences.next()}.beat"
        await self._folder.create(staged, write_beat(beat), durable=False)
        await self._folder.rename(staged, f"{BEATS}/{beat_file(beat.name)}")

    async def _beats(self) -> list[Beat]:
        entries = [one for one in await self._folder.scan(BEATS) if one.name[0] != "."]
        entries.sort(key=lambda one: one.name)
        paths = [f"{BEATS}/{entry.name}" for entry in entries]
        texts = await self._folder.read_many(paths, MAX_BEAT)
        return [
            read_beat(entry.name, text, entry.mtime_ns)
            for entry, text in zip(entries, texts, strict=True)
        ]


def check_priority(priority: int | None) -> None:
    """Raise UsageError for a number that no priority can be."""
    if priority is not None and abs(priority) > MAX_PRIORITY:
        allowed = f"from -{MAX_PRIORITY} to {MAX_PRIORITY}"
        raise UsageError(f"{priority} is no priority", mend=f"a whole number {allowed}")


def _checked(name: str) -> str:
    """Refuse a name that would lead out of its folder."""
    if "/" in name or "\x00" in name or name in ("", ".", ".."):
        return check_new_name(name)
    return name


def _read(hold: Hold) -> ClaimName:
    claim = read_claim(hold.file)
    assert claim is not None
    return claim
