"""What an operator orders of a queue folder: adding, editing, cancelling, holding and the like."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fleet_tui.model.errors import UsageError
from fleet_tui.model.task import (
    MAX_TASK_BYTES,
    NoSuchTask,
    Result,
    Task,
    check_new_name,
    name_from,
)
from fleet_tui.queue.directory_backlog import sort_pending
from fleet_tui.queue.directory_claims import MAX_SIGNATURE
from fleet_tui.queue.directory_custody import Hold
from fleet_tui.queue.frontmatter import parse_task
from fleet_tui.queue.names import (
    DONE,
    FAILED,
    HELD,
    OPERATOR,
    OPERATOR_HELD,
    PENDING,
    RUNNING,
    SIG,
    TASK,
    TMP,
    base32,
    numbered,
    read_claim,
    sidecar,
)
from fleet_tui.queue.resultfile import write_result
from fleet_tui.queue.store import Draft

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.clock import Clock
    from fleet_tui.model.task import StoredResult, TaskEntry
    from fleet_tui.queue.directory_custody import Custody
    from fleet_tui.queue.directory_reaper import Reaper
    from fleet_tui.queue.names import ClaimName

_PLACES = {"pending": PENDING, "held": PENDING, "done": DONE}


class NameMaker:
    """Makes names of tasks that nobody named; they sort by time, also within one second."""

    def __init__(self, clock: Clock, generation: str) -> None:
        self._clock = clock
        self._generation = generation[:4]
        self._stamp = ""
        self._count = 0

    def next(self, text: str) -> str:
        """Return a new one that reminds of `text`."""
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(self._clock.time()))
        self._stamp, self._count = stamp, self._count + 1 if stamp == self._stamp else 0
        name = f"{stamp}-{base32(self._count).rjust(4, '0')}{self._generation}"
        words = name_from(text)
        return f"{name}-{words}" if words else name


class Orders:
    """Changes what waits, and ends what runs."""

    def __init__(self, custody: Custody, reaper: Reaper, clock: Clock) -> None:
        self._custody = custody
        self._folder = custody.folder
        self._reaper = reaper
        self._names = NameMaker(clock, custody.fences.next())

    async def add(self, drafts: Sequence[Draft]) -> list[str]:
        """Put checked tasks into `pending/`; their names appear there whole or not at all."""
        names: list[str] = []
        taken = await self._names_in_use() if any(one.name for one in drafts) else frozenset()
        for draft in drafts:
            task = parse_task(draft.name or "task", draft.text)
            name = check_new_name(draft.name) if draft.name else self._names.next(task.prompt)
            if name in taken or (draft.name and name in names):
                raise UsageError(
                    "a task of this name is on the queue", where=name, mend="give it another name"
                )
            names.append(name)
        for name, draft in zip(names, drafts, strict=True):
            await self._put(name, draft)
        if names:
            await self._folder.sync_name(f"{PENDING}/{names[-1]}{TASK}")
        return names

    async def adopt(self, task: Task, entry: TaskEntry, ends: Sequence[StoredResult]) -> bool:
        """Write a task as another queue had it; its text, which comes last, makes it be there."""
        name = task.name
        if name in await self._names_in_use():
            return False
        where = _PLACES.get(entry.state, FAILED)
        if where == PENDING:
            if entry.priority != task.options.priority:
                await self._note(name, entry.priority)
        elif ends or entry.state != "failed":
            result = ends[0].result if ends else Result("", reason=entry.reason)
            kind = entry.state if entry.state in ("cancelled", "quarantined") else "result"
            staged = f"{TMP}/{self._custody.fences.next()}.adopted"
            data = write_result(result, self._custody.fences.next())
            await self._folder.create(staged, data, durable=True)
            await self._folder.rename(staged, f"{where}/{name}.md.{kind}")
        file = f"{name}{HELD}" if entry.state == "held" else f"{name}{TASK}"
        try:
            await self._put(name, Draft(task.text, name, task.signature), f"{where}/{file}")
        except UsageError:
            return False
        await self._folder.sync_name(f"{where}/{file}")
        return True

    async def edit(self, name: str, text: bytes, signature: bytes | None) -> None:
        """Replace a waiting task: the new text is on disk before the old one is taken away."""
        parse_task(name, text)
        file = await self._waiting(name)
        edit = f"{TMP}/{file}.edit-{self._custody.fences.next()}"
        await self._folder.create(f"{edit}.new", text, durable=True)
        try:
            await self._folder.rename(f"{PENDING}/{file}", f"{edit}.old")
        except FileNotFoundError:
            await self._custody.unlink(f"{edit}.new")
            raise NoSuchTask("it is not waiting any more", where=name) from None
        await self._sign(name, signature)
        await self._custody.move(f"{edit}.new", f"{PENDING}/{file}")
        await self._folder.sync_name(f"{PENDING}/{file}")
        await self._custody.unlink(f"{edit}.old")

    async def cancel(self, name: str, reason: str) -> None:
        """End a task as cancelled, from wherever it is."""
        pending = sort_pending(await self._folder.scan(PENDING))
        tries = pending.tries.get(name, 0)
        hold: Hold | None = None
        if name in pending.tasks:
            hold = await self._custody.take(f"{name}{TASK}", name, OPERATOR, tries)
        elif name in pending.held:
            hold = await self._custody.take(f"{name}{HELD}", name, OPERATOR_HELD, tries)
        if hold is None:
            claim, file = await self._fenced(name)
            hold = Hold(file, claim.name, 0)
        hold.is_signed, hold.tries = name in pending.signed, tries
        hold.has_priority = pending.priority.get(name)
        claimed = read_claim(hold.file)
        result = Result("", outcome="killed", reason=reason or "cancelled by the operator")
        data = write_result(result, claimed.fence if claimed else "")
        await self._custody.finish(hold, FAILED, "cancelled", data)

    async def take_back(self, name: str, reason: str) -> None:
        """Return a running task to `pending/`; the attempt counts, but never ends it."""
        claim, file = await self._fenced(name)
        attempt = claim.attempt
        if attempt is None:
            attempt = await self._reaper.tries(name) + 1
        await self._custody.put_back(file, name, attempt or None, reason or "taken back")

    async def hold(self, name: str) -> None:
        """Give a waiting task a name that nobody takes."""
        await self._swap(f"{name}{TASK}", f"{name}{HELD}", "it is not pending")

    async def unhold(self, name: str) -> None:
        """Give it its name again."""
        if await self._folder.stat(f"{PENDING}/{name}{TASK}") is not None:
            raise UsageError("another task of this name is pending", where=name)
        await self._swap(f"{name}{HELD}", f"{name}{TASK}", "it is not held")

    async def set_priority(self, name: str, priority: int | None) -> None:
        """Write what is in force beside the task."""
        await self._waiting(name)
        before = sort_pending(await self._folder.scan(PENDING)).priority.get(name)
        if priority is not None and priority != before:
            await self._note(name, priority)
        if before is not None and before != priority:
            await self._custody.unlink(f"{PENDING}/{sidecar(name, 'prio', before)}")

    async def retry(self, name: str) -> str:
        """Put an ended task back; a done one stays, and is added anew."""
        if await self._folder.stat(f"{FAILED}/{name}{TASK}") is None:
            if await self._folder.stat(f"{DONE}/{name}{TASK}") is None:
                raise NoSuchTask("no ended task is called so", where=name)
            return await self._again(name)
        for kind in ("cancelled", "quarantined"):
            await self._custody.unlink(f"{FAILED}/{name}.md.{kind}")
        tries = await self._reaper.tries(name)
        await self._custody.unlink(f"{PENDING}/{sidecar(name, 'tries', tries)}")
        back = await self._custody.free_name(name)
        await self._custody.move(f"{FAILED}/{name}{SIG}", f"{PENDING}/{back}{SIG}")
        try:
            await self._folder.rename(f"{FAILED}/{name}{TASK}", f"{PENDING}/{back}{TASK}")
        except FileNotFoundError:
            raise NoSuchTask("it was put back by somebody else", where=name) from None
        await self._folder.sync_name(f"{PENDING}/{back}{TASK}")
        return back

    async def remove(self, name: str) -> None:
        """Delete an ended task and all that belongs to it; its text goes last."""
        found = False
        for end in (DONE, FAILED):
            entries = [one.name for one in await self._folder.scan(end)]
            if f"{name}{TASK}" not in entries:
                continue
            found = True
            for file in entries:
                if file.startswith(f"{name}{TASK}.") and not file.endswith(TASK):
                    await self._custody.unlink(f"{end}/{file}")
            await self._custody.unlink(f"{end}/{name}{TASK}")
        if not found:
            raise NoSuchTask("no ended task is called so", where=name)

    async def read(self, name: str) -> Task:
        """Return a task from wherever it is."""
        for _ in range(3):  # it may move while it is looked for
            for place, sig in await self._places(name):
                try:
                    text = await self._folder.read(place, MAX_TASK_BYTES + 1)
                except FileNotFoundError:
                    continue
                (signature,) = await self._folder.read_many([sig], MAX_SIGNATURE)
                return parse_task(name, text, signature)
        raise NoSuchTask("no task is called so", where=name)

    async def _places(self, name: str) -> list[tuple[str, str]]:
        waiting = [f"{PENDING}/{name}{TASK}", f"{PENDING}/{name}{HELD}"]
        waiting += [f"{RUNNING}/{claim.file}" for claim in await self._claims(name)]
        ended = [(f"{end}/{name}{TASK}", f"{end}/{name}{SIG}") for end in (DONE, FAILED)]
        return [(place, f"{PENDING}/{name}{SIG}") for place in waiting] + ended

    async def _note(self, name: str, priority: int) -> None:
        note = f"{TMP}/{self._custody.fences.next()}.prio"
        await self._folder.create(note, b"", durable=False)
        await self._folder.rename(note, f"{PENDING}/{sidecar(name, 'prio', priority)}")

    async def _put(self, name: str, draft: Draft, place: str = "") -> None:
        place = place or f"{PENDING}/{name}{TASK}"
        staged = f"{TMP}/{self._custody.fences.next()}{TASK}"
        await self._folder.create(staged, draft.text, durable=True)
        try:
            if draft.signature is not None:
                end = place.partition("/")[0]
                await self._sign(name, draft.signature, end)
            await self._folder.link(staged, place)
        except FileExistsError:
            if not await self._folder.is_same(staged, place):
                raise UsageError(
                    "a task of this name is on the queue", where=name, mend="give it another name"
                ) from None
        finally:
            await self._custody.unlink(staged)

    async def _sign(self, name: str, signature: bytes | None, folder: str = PENDING) -> None:
        place = f"{folder}/{name}{SIG}"
        if signature is None:
            await self._custody.unlink(place)
            return
        staged = f"{TMP}/{self._custody.fences.next()}{SIG}"
        await self._folder.create(staged, signature, durable=True)
        await self._folder.rename(staged, place)

    async def _again(self, name: str) -> str:
        task = await self.read(name)
        taken = await self._names_in_use()
        number = 2
        while numbered(name, number) in taken:
            number += 1
        again = numbered(name, number)
        await self._put(again, Draft(task.text, again, task.signature))
        await self._folder.sync_name(f"{PENDING}/{again}{TASK}")
        return again

    async def _waiting(self, name: str) -> str:
        for file in (f"{name}{TASK}", f"{name}{HELD}"):
            if await self._folder.stat(f"{PENDING}/{file}") is not None:
                return file
        raise NoSuchTask("no task that waits is called so", where=name)

    async def _swap(self, source: str, target: str, why: str) -> None:
        try:
            await self._folder.rename(f"{PENDING}/{source}", f"{PENDING}/{target}")
        except FileNotFoundError:
            raise NoSuchTask(why, where=source.partition(TASK)[0]) from None
        await self._folder.sync_name(f"{PENDING}/{target}")

    async def _fenced(self, name: str) -> tuple[ClaimName, str]:
        """Take a running task from its owner; raises NoSuchTask when nobody holds it."""
        for claim in await self._claims(name):
            file = await self._custody.fence_off(claim.file)
            if file is None:
                continue
            if await self._custody.complete(file, name):
                break
            return claim, file
        raise NoSuchTask("it is neither waiting nor running", where=name)

    async def _claims(self, name: str) -> list[ClaimName]:
        claims = (read_claim(one.name) for one in await self._folder.scan(RUNNING))
        return [claim for claim in claims if claim is not None and claim.name == name]

    async def _names_in_use(self) -> frozenset[str]:
        pending = sort_pending(await self._folder.scan(PENDING))
        names = {*pending.tasks, *pending.held}
        for claim in (read_claim(one.name) for one in await self._folder.scan(RUNNING)):
            if claim is not None:
                names.add(claim.name)
        for end in (DONE, FAILED):
            names |= {one.name.removesuffix(TASK) for one in await self._folder.scan(end)}
        return frozenset(names)
