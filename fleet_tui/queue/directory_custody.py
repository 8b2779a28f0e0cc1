"""The steps by which a task changes hands in a queue folder; each leaves a folder that is right.

A claim is one rename. Its end is one `link` of the exact claim into `done/` or `failed/`: only
who still has the claim can make it, and only one link can be made. The claim is removed last, so
that whoever finds it beside the finished task knows what was cut short (see `complete`).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.model.task import MAX_RESULT_BYTES, LeaseLost, unfit_name
from fleet_tui.queue.names import (
    DONE,
    END_KINDS,
    FAILED,
    HELD,
    LATE,
    OPERATOR_HELD,
    PENDING,
    RUNNING,
    SIG,
    TASK,
    TMP,
    Fences,
    claim_file,
    numbered,
    read_claim,
    sidecar,
)
from fleet_tui.queue.resultfile import read_result

if TYPE_CHECKING:
    from fleet_tui.model.clock import Clock
    from fleet_tui.queue.directory_seam import QueueFolder
    from fleet_tui.queue.names import EndKind

_HEAD_BYTES = 64 * 1024


@dataclass(slots=True)
class Hold:
    """A claim in our hands."""

    file: str
    """Its name in `running/`."""
    name: str
    stamped: int
    """Its modification time, which is its beat counter."""
    is_signed: bool = False
    tries: int = 0
    """Attempts used before this one, as a sidecar says."""
    has_priority: int | None = None


class Custody:
    """Takes, ends and gives back claims. Raises OSError where the file system does."""

    def __init__(self, folder: QueueFolder, clock: Clock) -> None:
        self.folder = folder
        self.fences = Fences()
        self._clock = clock

    async def take(self, source: str, name: str, host: str, attempt: int) -> Hold | None:
        """Claim `pending/<source>`; None when somebody else was first."""
        file = claim_file(name, host, attempt, self.fences.next())
        stamp = int(self._clock.time())
        try:
            await self.folder.stamp(f"{PENDING}/{source}", stamp)
        except FileNotFoundError:
            return None
        try:
            await self.folder.rename(f"{PENDING}/{source}", f"{RUNNING}/{file}")
        except FileNotFoundError:
            # A network mount may have done it and say so: the name is ours alone.
            if await self.folder.stat(f"{RUNNING}/{file}") is None:
                return None
        return Hold(file, name, stamp)

    async def beat(self, hold: Hold) -> None:
        """Change the claim's modification time; raises LeaseLost."""
        stamp = max(int(self._clock.time()), hold.stamped + 2)
        try:
            await self.folder.stamp(f"{RUNNING}/{hold.file}", stamp)
        except FileNotFoundError:
            raise await self.lost(hold) from None
        hold.stamped = stamp

    async def fence_off(self, file: str) -> str | None:
        """Take a claim from its owner, whoever that is; returns its new name, None if it is gone.

        From here on nothing its owner does can commit it.
        """
        target = f"{file.partition('.reap-')[0]}.reap-{self.fences.next()}"
        try:
            await self.folder.rename(f"{RUNNING}/{file}", f"{RUNNING}/{target}")
        except FileNotFoundError:
            if await self.folder.stat(f"{RUNNING}/{target}") is None:
                return None
        return target

    async def finish(self, hold: Hold, end: str, kind: EndKind, data: bytes) -> str:
        """End the task in folder `end` with `data`; returns its name. Raises LeaseLost."""
        await self._stage(f"{TMP}/{hold.file}.{kind}", data)
        while True:
            try:
                await self.folder.link(f"{RUNNING}/{hold.file}", f"{end}/{hold.name}{TASK}")
            except FileNotFoundError:
                if await self._has_ended(hold, end, kind):
                    await self.unlink(f"{TMP}/{hold.file}.{kind}")
                    return hold.name
                await self._keep_late(hold, kind)
                raise await self.lost(hold) from None
            except FileExistsError:
                same = (f"{RUNNING}/{hold.file}", f"{end}/{hold.name}{TASK}")
                if not await self.folder.is_same(*same):
                    await self._rename(hold, kind)
                    continue
            break
        await self._publish(hold.file, kind, end, hold.name)
        await self.folder.sync_name(f"{end}/{hold.name}{TASK}")
        await self._tidy(hold, end)
        await self.unlink(f"{RUNNING}/{hold.file}")
        return hold.name

    async def complete(self, file: str, name: str) -> bool:
        """Finish an end that was cut short after its link; False when there was no link.

        Only for a claim that was fenced off, or is one's own.
        """
        for end in (DONE, FAILED):
            if not await self.folder.is_same(f"{RUNNING}/{file}", f"{end}/{name}{TASK}"):
                continue
            staged = await self._staged(file)
            by_reaper = [one for one in staged if ".reap-" in one]
            if end == FAILED and by_reaper:
                staged = by_reaper
            for one in staged[-1:]:
                await self._publish(*_split_kind(one), end, name)
            await self.folder.sync_name(f"{end}/{name}{TASK}")
            await self.move(f"{PENDING}/{name}{SIG}", f"{end}/{name}{SIG}")
            await self.unlink(f"{RUNNING}/{file}")
            return True
        return False

    async def put_back(self, file: str, name: str, tries: int | None, why: str) -> str:
        """Return a claim that was fenced off to `pending/`; returns its name there.

        `tries` None leaves the attempts as they are.
        """
        back = await self.free_name(name)
        claim = read_claim(file)
        ending = HELD if claim is not None and claim.host == OPERATOR_HELD else TASK
        if tries is not None:
            note = f"{TMP}/{self.fences.next()}.tries"
            await self.folder.create(note, why.encode("utf-8", "replace"), durable=False)
            await self.folder.rename(note, f"{PENDING}/{sidecar(back, 'tries', tries)}")
            if tries > 1:
                await self.unlink(f"{PENDING}/{sidecar(back, 'tries', tries - 1)}")
        with contextlib.suppress(FileNotFoundError):
            await self.folder.rename(f"{RUNNING}/{file}", f"{PENDING}/{back}{ending}")
        await self.folder.sync_name(f"{PENDING}/{back}{ending}")
        return back

    async def free_name(self, name: str) -> str:
        """Return `name`, or one like it that no waiting task has."""
        number = 1
        free = name if not unfit_name(name) else numbered(name[:80], 1)
        while (
            await self.folder.stat(f"{PENDING}/{free}{TASK}") is not None
            or await self.folder.stat(f"{PENDING}/{free}{HELD}") is not None
        ):
            number += 1
            free = numbered(name, number)
        return free

    async def lost(self, hold: Hold) -> LeaseLost:
        """Return the error that says how a claim was lost."""
        cancelled = f"{FAILED}/{hold.name}.md.cancelled"
        if await self.folder.stat(cancelled) is not None:
            return LeaseLost("the task was cancelled", where=hold.name)
        return LeaseLost(
            "the task was taken from this worker, which was silent for too long",
            where=hold.name,
            mend="its result is kept as a late one; another worker has the task",
        )

    async def _stage(self, path: str, data: bytes) -> None:
        try:
            await self.folder.create(path, data, durable=True)
        except FileExistsError:
            await self.unlink(path)
            await self.folder.create(path, data, durable=True)

    async def _publish(self, file: str, kind: EndKind, end: str, name: str) -> None:
        await self.move(f"{TMP}/{file}.{kind}", f"{end}/{name}.md.{kind}")

    async def _has_ended(self, hold: Hold, end: str, kind: EndKind) -> bool:
        """Tell whether it was we who ended it, and somebody completed what we had begun."""
        try:
            data = await self.folder.read(f"{end}/{hold.name}.md.{kind}", _HEAD_BYTES)
        except OSError:
            return False
        found = read_result(data)
        return found is not None and found[1] == _fence(hold.file)

    async def _keep_late(self, hold: Hold, kind: EndKind) -> None:
        await self.move(f"{TMP}/{hold.file}.{kind}", f"{FAILED}/{hold.file}{LATE}")

    async def _rename(self, hold: Hold, kind: EndKind) -> None:
        """Give the claim a name that is free: another task was put in under the same one."""
        claim = read_claim(hold.file)
        assert claim is not None
        number = 2
        while True:
            fresh = numbered(hold.name, number)
            taken = [await self.folder.stat(f"{end}/{fresh}{TASK}") for end in (DONE, FAILED)]
            if taken == [None, None]:
                break
            number += 1
        file = claim_file(fresh, claim.host, claim.attempt or 0, claim.fence or self.fences.next())
        if claim.is_reaped:
            file += f".reap-{self.fences.next()}"
        try:
            await self.folder.rename(f"{RUNNING}/{hold.file}", f"{RUNNING}/{file}")
        except FileNotFoundError:
            await self._keep_late(hold, kind)
            raise await self.lost(hold) from None
        await self.move(f"{TMP}/{hold.file}.{kind}", f"{TMP}/{file}.{kind}")
        hold.file, hold.name = file, fresh

    async def _tidy(self, hold: Hold, end: str) -> None:
        claim = read_claim(hold.file)
        name = hold.name
        if hold.is_signed:
            await self.move(f"{PENDING}/{name}{SIG}", f"{end}/{name}{SIG}")
        if hold.has_priority is not None:
            await self.unlink(f"{PENDING}/{sidecar(name, 'prio', hold.has_priority)}")
        tries = max(hold.tries, claim.attempt or 0 if claim and claim.is_reaped else 0)
        if tries:
            await self.unlink(f"{PENDING}/{sidecar(name, 'tries', tries)}")

    async def _staged(self, file: str) -> list[str]:
        exact = file.partition(".reap-")[0]
        names = [entry.name for entry in await self.folder.scan(TMP)]
        return sorted(
            name for name in names if name.startswith(f"{exact}.") and name.endswith(END_KINDS)
        )

    async def move(self, source: str, target: str) -> None:
        """Rename, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            await self.folder.rename(source, target)

    async def unlink(self, path: str) -> None:
        """Remove, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            await self.folder.unlink(path)


def _fence(file: str) -> str:
    claim = read_claim(file)
    return claim.fence if claim else ""


def _split_kind(staged: str) -> tuple[str, EndKind]:
    kind = next(kind for kind in END_KINDS if staged.endswith(f".{kind}"))
    return staged.removesuffix(f".{kind}"), kind


LONGEST_READ = MAX_RESULT_BYTES + 64 * 1024
"""No result that we wrote is longer."""
