"""Finds what silent owners and crashes left behind, and puts it right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.task import (
    MAX_TASK_BYTES,
    NO_OPTIONS,
    Reaped,
    Result,
    TaskOptions,
    TaskTextError,
)
from fleet_tui.queue.directory_backlog import sort_pending
from fleet_tui.queue.directory_custody import Hold
from fleet_tui.queue.directory_seam import FileEntry
from fleet_tui.queue.directory_watch import Watch
from fleet_tui.queue.frontmatter import parse_task
from fleet_tui.queue.names import (
    BEATS,
    DONE,
    END_KINDS,
    FAILED,
    LATE,
    OPERATOR,
    OPERATOR_HELD,
    PENDING,
    RESULT,
    RUNNING,
    SIG,
    TASK,
    TMP,
    foreign_result,
    read_claim,
    read_sidecar,
)
from fleet_tui.queue.resultfile import write_result

if TYPE_CHECKING:
    from fleet_tui.model.clock import Clock
    from fleet_tui.queue.directory_custody import Custody
    from fleet_tui.queue.names import ClaimName
    from fleet_tui.queue.store import Rules


BEATS_COUNT_FOR = 4.0
"""Leases for which a shell worker's beat alone keeps a claim whose files do not change."""
_UNCHANGED = "\0unchanged"
"""Marks what is watched of a claim beside its owner's beat; no file is called so."""


class Reaper:
    """Watches claims; one look at a time."""

    def __init__(self, custody: Custody, rules: Rules, clock: Clock) -> None:
        self._custody = custody
        self._folder = custody.folder
        self._rules = rules
        self._watch = Watch(clock)

    async def reap(self) -> list[Reaped]:
        """Recover every claim whose owner has been silent for its lease."""
        entries = {entry.name: entry for entry in await self._folder.scan(RUNNING)}
        beats = {entry.name: entry for entry in await self._folder.scan(BEATS)}
        reaped = []
        watched: set[str] = set()
        for file in sorted(entries):
            claim = read_claim(file)
            if claim is None:
                watched |= await self._leftover_result(file, entries)
                continue
            watched.add(file)
            lease = self.lease_of(claim)
            written, beat = self._signs(claim, entries, beats)
            silent = self._watch.silent_for(file, (*written, beat), lease)
            unchanged = f"{file}{_UNCHANGED}"
            watched.add(unchanged)
            idle = self._watch.silent_for(unchanged, written, lease * BEATS_COUNT_FOR)
            if silent >= lease or idle >= lease * BEATS_COUNT_FOR:
                one = await self.recover(claim, f"silent for {max(silent, idle):.0f} s")
                if one is not None:
                    reaped.append(one)
        watched |= await self._clear_tmp(entries)
        watched |= await self._clear_sidecars(entries)
        self._watch.forget_others(watched)
        return reaped

    def silent_for(self, file: str) -> float | None:
        """Return how long a claim was silent at the last look."""
        return self._watch.last(file)

    def lease_of(self, claim: ClaimName) -> float:
        """Return how long the owner of a claim may be silent."""
        is_shell = claim.attempt is None and not claim.is_reaped
        return self._rules.foreign_lease if is_shell else self._rules.lease

    async def recover(self, claim: ClaimName, why: str) -> Reaped | None:
        """Take a claim from its owner; None when somebody else did, or it ended meanwhile."""
        file = await self._custody.fence_off(claim.file)
        if file is None:
            return None
        attempt = claim.attempt
        if await self._custody.complete(file, claim.name):
            return Reaped(claim.name, "completed", claim.owner, attempt or 1, why)
        if attempt is None:
            attempt = await self.tries(claim.name) + 1
            result = f"{RUNNING}/{claim.exact}{RESULT}"
            await self._custody.move(result, f"{FAILED}/{claim.exact}{LATE}")
        return await self.hand_back(claim, file, attempt, why)

    async def hand_back(self, claim: ClaimName, file: str, attempt: int, why: str) -> Reaped:
        """Return a claim that was fenced off, or end it when it has no attempt left."""
        if claim.host in (OPERATOR, OPERATOR_HELD):
            await self._custody.put_back(file, claim.name, None, why)
            return Reaped(claim.name, "taken-back", claim.owner, attempt, why)
        options = await self._options(file, claim.name)
        if attempt >= (options.max_attempts or self._rules.max_attempts):
            reason = f"no attempt left after {attempt}: {why}"
            hold = Hold(file, claim.name, 0, is_signed=True, tries=max(attempt - 1, 0))
            data = write_result(
                Result("", outcome="error", reason=reason, host=claim.host, attempt=attempt),
                claim.fence,
            )
            await self._custody.finish(hold, FAILED, "result", data)
            return Reaped(claim.name, "dead", claim.owner, attempt, reason)
        await self._custody.put_back(file, claim.name, attempt or None, why)
        return Reaped(claim.name, "returned", claim.owner, attempt, why)

    async def tries(self, name: str) -> int:
        """Return the attempts that a sidecar of the task tells."""
        return sort_pending(await self._folder.scan(PENDING)).tries.get(name, 0)

    def _signs(
        self, claim: ClaimName, entries: dict[str, FileEntry], beats: dict[str, FileEntry]
    ) -> tuple[tuple[object, ...], object]:
        """Return what changes while the owner works, and what while it lives.

        A shell worker writes a result and a beat. The beat is its host's, not the claim's: another
        worker of that name goes on with it after this one has died in mid-task.
        """
        own = entries[claim.file].mtime_ns
        if claim.attempt is not None or claim.is_reaped:
            return (own,), None
        result, beat = (
            (one.mtime_ns, one.size) if one else None
            for one in (entries.get(f"{claim.file}{RESULT}"), beats.get(claim.host))
        )
        return (own, result), beat

    async def _options(self, file: str, name: str) -> TaskOptions:
        try:
            text = await self._folder.read(f"{RUNNING}/{file}", MAX_TASK_BYTES + 1)
            return parse_task(name, text).options
        except (OSError, TaskTextError):
            return NO_OPTIONS

    async def _leftover_result(self, file: str, entries: dict[str, FileEntry]) -> set[str]:
        """Move a shell worker's result whose claim is gone to where it belongs."""
        told = foreign_result(file)
        if told is None or file.removesuffix(RESULT) in entries:
            return set()
        entry = entries[file]
        lease = self._rules.lease
        silent = self._watch.silent_for(file, (entry.mtime_ns, entry.size), lease)
        if silent < lease:
            return {file}
        if await self._folder.stat(f"{DONE}/{told[0]}{TASK}") is not None:
            await self._custody.move(f"{RUNNING}/{file}", f"{DONE}/{file}")
        else:
            late = f"{file.removesuffix(RESULT)}{LATE}"
            await self._custody.move(f"{RUNNING}/{file}", f"{FAILED}/{late}")
        return set()

    async def _clear_tmp(self, running: dict[str, FileEntry]) -> set[str]:
        """Finish edits that were cut short; remove what crashes left, keeping results."""
        entries = {entry.name: entry for entry in await self._folder.scan(TMP)}
        lease = self._rules.lease
        watched: set[str] = set()
        exact = {file.partition(".reap-")[0] for file in running}
        for file, entry in entries.items():
            key = f"{TMP}/{file}"
            silent = self._watch.silent_for(key, (entry.mtime_ns, entry.size), lease)
            if silent < lease or _claim_of(file) in exact:
                watched.add(key)
            elif file.endswith(".old"):
                await self._finish_edit(file.removesuffix(".old"), entries)
            elif file.endswith(".new") and f"{file.removesuffix('.new')}.old" in entries:
                watched.add(key)
            elif file.endswith(tuple(f".{kind}" for kind in END_KINDS)):
                claim = file.rpartition(".")[0]
                await self._custody.move(key, f"{FAILED}/{claim}{LATE}")
            else:
                await self._custody.unlink(key)
        return watched

    async def _clear_sidecars(self, running: dict[str, FileEntry]) -> set[str]:
        """Take what stands beside a task away when a shell worker has ended it, who does not."""
        files = [entry.name for entry in await self._folder.scan(PENDING)]
        found = sort_pending([FileEntry(file, 1, 0) for file in files])
        claims = (read_claim(file) for file in running)
        open_ones = {*found.tasks, *found.held, *(one.name for one in claims if one is not None)}
        watched: set[str] = set()
        for file in files:
            said = read_sidecar(file)
            name = said[0] if said else file.removesuffix(SIG)
            if name in open_ones or not (said or file.endswith(SIG)):
                continue
            key = f"{PENDING}/{file}"
            if self._watch.silent_for(key, 0, self._rules.lease) < self._rules.lease:
                watched.add(key)
            elif said:
                await self._custody.unlink(key)
            else:
                for end in (DONE, FAILED):
                    if await self._folder.stat(f"{end}/{name}{TASK}") is not None:
                        await self._custody.move(key, f"{end}/{file}")
        return watched

    async def _finish_edit(self, edit: str, entries: dict[str, FileEntry]) -> None:
        """Put the new text where the old one was taken from (see `Orders.edit`)."""
        if f"{edit}.new" in entries:
            target = edit.partition(".edit-")[0]
            if await self._folder.stat(f"{PENDING}/{target}") is not None:
                target = await self._custody.free_name(target.partition(TASK)[0]) + TASK
            await self._custody.move(f"{TMP}/{edit}.new", f"{PENDING}/{target}")
            await self._folder.sync_name(f"{PENDING}/{target}")
        await self._custody.unlink(f"{TMP}/{edit}.old")


def _claim_of(file: str) -> str:
    return file.rpartition(".")[0].partition(".reap-")[0]
