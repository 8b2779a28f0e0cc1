"""What a queue folder holds, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.task import (
    MAX_TASK_BYTES,
    NO_OPTIONS,
    FinalState,
    Listing,
    NoSuchTask,
    Result,
    StoredResult,
    Task,
    TaskEntry,
    TaskTextError,
)
from fleet_tui.model.text import one_line
from fleet_tui.queue.directory_custody import LONGEST_READ
from fleet_tui.queue.frontmatter import parse_task, title_of
from fleet_tui.queue.names import (
    DONE,
    FAILED,
    LATE,
    RESULT,
    RUNNING,
    SIG,
    TASK,
    foreign_result,
    read_claim,
)
from fleet_tui.queue.resultfile import plain_result, read_result

if TYPE_CHECKING:
    from collections.abc import Collection

    from fleet_tui.model.task import TaskState
    from fleet_tui.queue.directory_backlog import Backlog, Pending
    from fleet_tui.queue.directory_reaper import Reaper
    from fleet_tui.queue.directory_seam import FileEntry, QueueFolder
    from fleet_tui.queue.names import ClaimName

HEAD_BYTES = 8192
"""Of a result that is listed."""
KEPT = 5000
"""Files whose heads are remembered."""


class Lister:
    """Lists tasks; remembers what it read of those that cannot change any more."""

    def __init__(self, folder: QueueFolder, backlog: Backlog, reaper: Reaper) -> None:
        self._folder = folder
        self._backlog = backlog
        self._reaper = reaper
        self._tasks: dict[str, Task | None] = {}
        self._heads: dict[tuple[str, int, int], Result | None] = {}

    async def listing(self, states: Collection[TaskState], limit: int) -> Listing:
        """Count all states, and describe tasks of `states`."""
        wants_waiting = "pending" in states or "held" in states or "quarantined" in states
        pending = await self._backlog.scan(learn=limit if wants_waiting else 0)
        running = [
            (claim, entry)
            for entry in await self._folder.scan(RUNNING)
            if (claim := read_claim(entry.name)) is not None
        ]
        done = {entry.name: entry for entry in await self._folder.scan(DONE)}
        failed = {entry.name: entry for entry in await self._folder.scan(FAILED)}
        ended = _ended(done, failed)
        odd = {**pending.unfit, **pending.alien}
        counts: dict[TaskState, int] = {
            "pending": len(pending.tasks),
            "held": len(pending.held),
            "running": len(running),
            **{state: len(files) for state, files in ended.items()},
        }
        counts["quarantined"] += len(odd)
        entries: list[TaskEntry] = []
        if "running" in states:
            entries += await self._running(running[:limit], pending)
        if "pending" in states:
            names = self._backlog.ordered(pending)[:limit]
            entries += [await self._waiting(pending, name) for name in names]
        if "held" in states:
            entries += [self._held(pending, name) for name in sorted(pending.held)[:limit]]
        if "quarantined" in states:
            entries += [
                TaskEntry(one_line(file.removesuffix(TASK)), "quarantined", reason=why)
                for file, why in sorted(odd.items())[:limit]
            ]
        for state, files in ended.items():
            if state in states:
                entries += await self._ends(state, files, {**failed, **done}, limit)
        return Listing(counts, tuple(entries))

    async def results(self, name: str) -> list[StoredResult]:
        """Return the committed result first, then late ones and orphans."""
        found: list[StoredResult] = []
        exists = False
        for end in (DONE, FAILED):
            entries = sorted(entry.name for entry in await self._folder.scan(end))
            committed = f"{name}{TASK}" in entries
            exists = exists or committed
            kinds = _kinds(name, end)
            for file in entries:
                if not file.startswith(f"{name}{TASK}."):
                    continue
                one = await self._result(name, end, file, kinds.get(file))
                if one is not None:
                    found.append(one if committed else StoredResult(name, one.result, None))
        if not found and not exists:
            await self._must_exist(name)
        return sorted(found, key=lambda one: (one.state is None, one.is_foreign))

    async def _must_exist(self, name: str) -> None:
        pending = await self._backlog.scan(learn=0)
        if name in pending.tasks or name in pending.held:
            return
        claims = (read_claim(entry.name) for entry in await self._folder.scan(RUNNING))
        if not any(claim is not None and claim.name == name for claim in claims):
            raise NoSuchTask("no task is called so", where=name)

    async def _result(
        self, name: str, end: str, file: str, state: FinalState | None
    ) -> StoredResult | None:
        told = foreign_result(file)
        if state is None and told is None and not file.endswith(LATE):
            return None
        (data,) = await self._folder.read_many([f"{end}/{file}"], LONGEST_READ)
        if data is None:
            return None
        found = read_result(data)
        if found is not None:
            return StoredResult(name, found[0], state)
        host = told[1] if told else ""
        shell_state: FinalState | None = "done" if told and told[0] == name else state
        return StoredResult(name, plain_result(data, host), shell_state, is_foreign=True)

    async def _running(
        self, claims: list[tuple[ClaimName, FileEntry]], pending: Pending
    ) -> list[TaskEntry]:
        fresh = [claim.file for claim, _ in claims if claim.exact not in self._tasks]
        paths = [f"{RUNNING}/{file}" for file in fresh]
        texts = await self._folder.read_many(paths, MAX_TASK_BYTES + 1)
        if len(self._tasks) > KEPT:
            self._tasks.clear()
        for file, text in zip(fresh, texts, strict=True):
            claim = read_claim(file)
            if claim is not None and text is not None:
                self._tasks[claim.exact] = _parsed(claim.name, text)
        return [
            TaskEntry(
                claim.name,
                "running",
                options=task.options if (task := self._tasks.get(claim.exact)) else NO_OPTIONS,
                title=title_of(task) if task else "",
                priority=task.options.priority if task else 0,
                attempt=claim.attempt or pending.tries.get(claim.name, 0) + 1,
                owner=claim.owner,
                changed_at=entry.mtime_ns / 1e9,
                seen_for=self._reaper.silent_for(claim.file),
                size=entry.size,
                is_signed=claim.name in pending.signed,
            )
            for claim, entry in sorted(claims, key=lambda pair: pair[0].file)
        ]

    async def _waiting(self, pending: Pending, name: str) -> TaskEntry:
        known = self._backlog.known(name)
        waits = str(known) if isinstance(known, TaskTextError) else await self._backlog.waits(name)
        return self._entry(pending, name, "pending", pending.tasks[name], waits)

    def _held(self, pending: Pending, name: str) -> TaskEntry:
        return self._entry(pending, name, "held", pending.held[name], "held by the operator")

    def _entry(
        self, pending: Pending, name: str, state: TaskState, file: FileEntry, waits: str
    ) -> TaskEntry:
        known = self._backlog.known(name)
        return TaskEntry(
            name,
            state,
            options=self._backlog.options(name),
            title=title_of(known) if isinstance(known, Task) else "",
            priority=self._backlog.priority(pending, name),
            attempt=pending.tries.get(name, 0),
            changed_at=file.mtime_ns / 1e9,
            size=file.size,
            is_signed=name in pending.signed,
            waits=waits,
        )

    async def _ends(
        self, state: TaskState, files: list[FileEntry], beside: dict[str, FileEntry], limit: int
    ) -> list[TaskEntry]:
        newest = sorted(files, key=lambda one: (-one.mtime_ns, one.name))[:limit]
        entries = []
        heads = await self._read_heads(state, newest, beside)
        for file, result in zip(newest, heads, strict=True):
            name = file.name.removesuffix(TASK)
            entries.append(
                TaskEntry(
                    name,
                    state,
                    title=one_line(result.text, 100) if result else "",
                    attempt=result.attempt if result else 0,
                    changed_at=file.mtime_ns / 1e9,
                    size=file.size,
                    is_signed=f"{name}{SIG}" in beside,
                    reason=result.reason if result else "",
                    result=result,
                )
            )
        return entries

    async def _read_heads(
        self, state: TaskState, files: list[FileEntry], beside: dict[str, FileEntry]
    ) -> list[Result | None]:
        end = DONE if state == "done" else FAILED
        kind = state if state in ("cancelled", "quarantined") else "result"
        keys = [
            (f"{end}/{one.name}.{kind}", said.size, said.mtime_ns) if said else None
            for one in files
            for said in (beside.get(f"{one.name}.{kind}"),)
        ]
        if len(self._heads) > KEPT:
            self._heads.clear()
        fresh = [key for key in keys if key is not None and key not in self._heads]
        texts = await self._folder.read_many([key[0] for key in fresh], HEAD_BYTES)
        for key, text in zip(fresh, texts, strict=True):
            found = read_result(text) if text is not None else None
            self._heads[key] = found[0] if found else None
        return [self._heads.get(key) if key is not None else None for key in keys]


def _ended(
    done: dict[str, FileEntry], failed: dict[str, FileEntry]
) -> dict[TaskState, list[FileEntry]]:
    found: dict[TaskState, list[FileEntry]] = {
        "done": [entry for name, entry in done.items() if _is_text(name)],
        "failed": [],
        "cancelled": [],
        "quarantined": [],
    }
    for name, entry in failed.items():
        if not _is_text(name):
            continue
        state: TaskState = "failed"
        if f"{name}.cancelled" in failed:
            state = "cancelled"
        elif f"{name}.quarantined" in failed:
            state = "quarantined"
        found[state].append(entry)
    return found


def _is_text(file: str) -> bool:
    return file.endswith(TASK) and not file.startswith(".")


def _kinds(name: str, end: str) -> dict[str, FinalState]:
    if end == DONE:
        return {f"{name}{TASK}{RESULT}": "done"}
    return {
        f"{name}{TASK}{RESULT}": "failed",
        f"{name}{TASK}.cancelled": "cancelled",
        f"{name}{TASK}.quarantined": "failed",
    }


def _parsed(name: str, text: bytes) -> Task | None:
    try:
        return parse_task(name, text)
    except TaskTextError:
        return None
