"""What an operator orders of a queue on a NATS server."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.model.errors import UsageError
from fleet_tui.model.task import LeaseLost, NoSuchTask, Result, TaskState, check_new_name
from fleet_tui.queue.directory_orders import NameMaker
from fleet_tui.queue.frontmatter import parse_task
from fleet_tui.queue.names import Fences, numbered
from fleet_tui.queue.nats_claims import ended, gone
from fleet_tui.queue.nats_records import Record
from fleet_tui.queue.resultfile import write_result
from fleet_tui.queue.store import Draft

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from fleet_tui.model.clock import Clock
    from fleet_tui.model.task import StoredResult, Task, TaskEntry
    from fleet_tui.queue.nats_claims import Claims
    from fleet_tui.queue.nats_leases import Leases
    from fleet_tui.queue.nats_texts import Texts
    from fleet_tui.queue.nats_view import Known, View

_AT_ONCE = 64
_PENDING: frozenset[TaskState] = frozenset({"pending"})
_HELD: frozenset[TaskState] = frozenset({"held"})
_WAITING = _PENDING | _HELD
_RUNNING: frozenset[TaskState] = frozenset({"running"})
_RETRIED: frozenset[TaskState] = frozenset({"failed", "cancelled", "quarantined"})


class Orders:
    """Changes records by compare-and-swap, and what hangs on them after that."""

    def __init__(
        self, view: View, leases: Leases, texts: Texts, claims: Claims, clock: Clock
    ) -> None:
        self._view = view
        self._leases = leases
        self._texts = texts
        self._claims = claims
        self._fences = Fences()
        self._names = NameMaker(clock, self._fences.next())

    async def add(self, drafts: Sequence[Draft]) -> list[str]:
        """Write tasks, each whole before anybody can see it."""
        known = await self._view.all()
        tasks: list[Task] = []
        for draft in drafts:
            task = parse_task(draft.name or "task", draft.text, draft.signature)
            name = check_new_name(draft.name) if draft.name else self._names.next(task.prompt)
            if name in known or any(name == one.name for one in tasks):
                raise _taken(name)
            tasks.append(replace(task, name=name))
        turn = asyncio.Semaphore(_AT_ONCE)

        async def put(task: Task) -> None:
            async with turn:
                await self._put(task)

        await asyncio.gather(*(put(task) for task in tasks))
        return [task.name for task in tasks]

    async def adopt(self, task: Task, entry: TaskEntry, ends: Sequence[StoredResult]) -> bool:
        """Write a task as another queue had it; its record, which comes last, makes it be there."""
        version, fence = self._fences.next(), self._fences.next()
        if await self._view.get(task.name) is not None:
            return False
        await self._texts.put_text(task.name, version, task)
        record = replace(
            Record(task.name, state=entry.state, text=version).of(task),
            priority=entry.priority if entry.priority != task.options.priority else None,
            reason=entry.reason,
        )
        for one in ends[:1]:
            data = write_result(one.result, fence)
            chunks = await self._texts.put_result(task.name, fence, data)
            record = ended(record, entry.state, one.result, fence, chunks)
        if await self._view.create(record) is None:
            await self._texts.drop_text(task.name, version)
            return False
        if record.is_open:
            await self._leases.put(record)
        return True

    async def read(self, name: str) -> Task:
        """Return a task."""
        known = await self._view.get(name)
        task = await self._texts.get_task(known.record) if known else None
        if task is None:
            raise gone(name)
        return task

    async def edit(self, name: str, text: bytes, signature: bytes | None) -> None:
        """Write the new text beside the old one, then swap which one counts."""
        task = parse_task(name, text, signature)
        version = self._fences.next()
        await self._texts.put_text(name, version, task)
        before: list[str] = []

        def change(record: Record) -> Record:
            before[:] = [record.text]
            return replace(record.of(task), text=version)

        try:
            await self._change(name, _WAITING, change, "no task that waits is called so")
        except NoSuchTask:
            await self._texts.drop_text(name, version)
            raise
        await self._texts.drop_text(name, before[0])

    async def hold(self, name: str) -> None:
        """Keep a pending task from being taken."""
        await self._change(
            name, _PENDING, lambda one: replace(one, state="held"), "it is not pending"
        )

    async def unhold(self, name: str) -> None:
        """Let it be taken again."""
        await self._change(name, _HELD, lambda one: replace(one, state="pending"), "it is not held")

    async def set_priority(self, name: str, priority: int | None) -> None:
        """Set the priority in force."""
        await self._change(
            name,
            _WAITING,
            lambda one: replace(one, priority=priority),
            "no task that waits is called so",
        )

    async def cancel(self, name: str, reason: str) -> None:
        """End a task as cancelled."""
        result = Result("", outcome="killed", reason=reason or "cancelled by the operator")
        while True:
            known = await self._view.get(name)
            if known is None or not known.record.is_open:
                raise gone(name, "it is neither waiting nor running")
            try:
                fence = self._fences.next()
                await self._claims.end_as(known, "cancelled", result, fence, None)
            except LeaseLost:
                continue
            return

    async def take_back(self, name: str, reason: str) -> None:
        """Return a running task; it gets a new message, so that nobody waits for the old lease."""
        back = await self._change(
            name,
            _RUNNING,
            lambda one: replace(
                one,
                state="pending",
                tries=one.attempt,
                ticket=one.ticket + 1,
                reason=reason or "taken back",
            ),
            "it is not running",
        )
        await self._leases.purge(name)
        await self._leases.put(back)

    async def retry(self, name: str) -> str:
        """Put an ended task back; a done one stays, and is added anew."""
        known = await self._view.get(name)
        if known is not None and known.record.state == "done":
            return await self._again(known)
        back = await self._change(
            name,
            _RETRIED,
            lambda one: replace(
                one, state="pending", tries=0, attempt=0, ticket=one.ticket + 1, reason="", head=""
            ),
            "no ended task is called so",
        )
        await self._leases.put(back)
        return name

    async def remove(self, name: str) -> None:
        """Delete an ended task; its record goes last."""
        known = await self._view.get(name)
        if known is None or known.record.is_open:
            raise gone(name, "no ended task is called so")
        await self._texts.drop_all(known.record)
        await self._view.delete(name)

    async def _put(self, task: Task) -> None:
        version = self._fences.next()
        await self._texts.put_text(task.name, version, task)
        record = Record(task.name, text=version).of(task)
        if await self._view.create(record) is None:
            found = await self._view.get(task.name)
            if found is None or found.record.text != version:
                await self._texts.drop_text(task.name, version)
                raise _taken(task.name)
        await self._leases.put(record)

    async def _again(self, known: Known) -> str:
        task = await self.read(known.record.name)
        everything = await self._view.all()
        number = 2
        while numbered(task.name, number) in everything:
            number += 1
        (name,) = await self.add([Draft(task.text, numbered(task.name, number), task.signature)])
        return name

    async def _change(
        self,
        name: str,
        states: Collection[TaskState],
        change: Callable[[Record], Record],
        otherwise: str,
    ) -> Record:
        """Swap a record for a changed one; raises NoSuchTask when its state does not allow it."""
        while True:
            known = await self._view.get(name)
            if known is None or known.record.state not in states:
                raise gone(name, otherwise)
            swapped = await self._view.swap(change(known.record), known.revision)
            if swapped is not None:
                return swapped.record


def _taken(name: str) -> UsageError:
    return UsageError(
        "a task of this name is on the queue", where=name, mend="give it another name"
    )
