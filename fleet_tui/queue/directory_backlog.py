"""What waits in `pending/`, and in which order it is to be taken."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fleet_tui.model.task import (
    MAX_TASK_BYTES,
    NO_OPTIONS,
    Task,
    TaskOptions,
    TaskTextError,
    unfit_name,
)
from fleet_tui.queue.frontmatter import parse_task
from fleet_tui.queue.names import DONE, HELD, PENDING, SIG, TASK, read_sidecar, task_of

if TYPE_CHECKING:
    from fleet_tui.model.clock import Clock
    from fleet_tui.queue.directory_seam import FileEntry, QueueFolder

KEPT_TEXT = 4096
"""Bytes of a waiting task that are kept in memory; its options are always known whole."""
SETTLING = 5.0
"""Seconds that an empty file is given: somebody may be about to write it."""


@dataclass(slots=True)
class Pending:
    """One scan of `pending/`."""

    tasks: dict[str, FileEntry] = field(default_factory=dict)
    held: dict[str, FileEntry] = field(default_factory=dict)
    signed: set[str] = field(default_factory=set)
    priority: dict[str, int] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    unfit: dict[str, str] = field(default_factory=dict)
    """File that is to be set aside, to the reason."""
    alien: dict[str, str] = field(default_factory=dict)
    """What cannot even be set aside (folders, links, pipes), to the reason."""


def sort_pending(entries: list[FileEntry]) -> Pending:
    """Tell tasks, sidecars and what does not belong there apart."""
    found = Pending()
    for entry in entries:
        said = read_sidecar(entry.name)
        if said is not None:
            name, kind, number = said
            if kind == "prio":
                found.priority[name] = number
            else:
                found.tries[name] = max(number, found.tries.get(name, 0))
        elif entry.name.endswith(SIG):
            found.signed.add(entry.name.removesuffix(SIG))
        elif entry.name.endswith(HELD):
            found.held[entry.name.removesuffix(HELD)] = entry
        elif entry.name.endswith(TASK):
            _task(found, entry)
    return found


def _task(found: Pending, entry: FileEntry) -> None:
    name = task_of(entry.name)
    why = "its name is empty" if name is None else unfit_name(name)
    if not entry.is_plain:
        found.alien[entry.name] = "it is no plain file"
    elif name is None or (why and not name.startswith(".")):
        found.unfit[entry.name] = why
    elif not why:
        found.tasks[name] = entry


class Backlog:
    """Knows the options of waiting tasks without reading each file again and again."""

    def __init__(self, folder: QueueFolder, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._read: dict[str, tuple[int, int, Task | TaskTextError]] = {}
        self._done: set[str] = set()
        self._empty_since: dict[str, float] = {}
        self._rests_until: dict[str, float] = {}
        self.unknown_left = False
        """True while there are tasks that the last scan did not get to read."""

    async def scan(self, *, learn: int | None = None) -> Pending:
        """Look at `pending/`, and read up to `learn` files that are not known yet."""
        found = sort_pending(await self._folder.scan(PENDING))
        for name in self._read.keys() - found.tasks.keys() - found.held.keys():
            del self._read[name]
        self._settle(found)
        unknown = [
            (name, file, entry)
            for group, ending in ((found.tasks, TASK), (found.held, HELD))
            for name, entry in sorted(group.items())
            if not self._knows(name, entry)
            for file in (f"{PENDING}/{name}{ending}",)
        ]
        most = self._folder.read_ahead if learn is None else learn
        self.unknown_left = len(unknown) > most
        del unknown[most:]
        texts = await self._folder.read_many([file for _, file, _ in unknown], MAX_TASK_BYTES + 1)
        for (name, _, entry), text in zip(unknown, texts, strict=True):
            self._read[name] = (entry.size, entry.mtime_ns, _understood(name, text))
        return found

    def known(self, name: str) -> Task | TaskTextError | None:
        """Return what was read of a task, None when it was not read yet."""
        known = self._read.get(name)
        return known[2] if known else None

    def options(self, name: str) -> TaskOptions:
        """Return a task's options as far as they are known."""
        known = self.known(name)
        return known.options if isinstance(known, Task) else NO_OPTIONS

    def priority(self, found: Pending, name: str) -> int:
        """Return the priority in force."""
        set_by_hand = found.priority.get(name)
        return self.options(name).priority if set_by_hand is None else set_by_hand

    def ordered(self, found: Pending) -> list[str]:
        """Return the tasks in the order in which they are to be taken."""
        return sorted(found.tasks, key=lambda name: (-self.priority(found, name), name))

    def rest(self, name: str, seconds: float) -> None:
        """Leave a task alone for a while."""
        self._rests_until[name] = self._clock.monotonic() + seconds

    async def waits(self, name: str) -> str:
        """Return why nobody can take a task yet, empty when somebody can."""
        now = self._clock.time()
        options = self.options(name)
        if options.not_before is not None and now < options.not_before:
            return f"for its time, in {_span(options.not_before - now)}"
        for other in options.depends_on:
            if not await self._is_done(other):
                return f"for {other}"
        until = self._rests_until.get(name)
        if until is not None:
            if self._clock.monotonic() < until:
                return f"after a failed try, {_span(until - self._clock.monotonic())} more"
            del self._rests_until[name]
        return ""

    async def _is_done(self, name: str) -> bool:
        if name not in self._done and await self._folder.stat(f"{DONE}/{name}{TASK}") is not None:
            self._done.add(name)
        return name in self._done

    def _knows(self, name: str, entry: FileEntry) -> bool:
        known = self._read.get(name)
        return known is not None and known[:2] == (entry.size, entry.mtime_ns)

    def _settle(self, found: Pending) -> None:
        """Leave out empty files until they have been so for a while."""
        now = self._clock.monotonic()
        empty = {name for name, entry in found.tasks.items() if entry.size == 0}
        for name in self._empty_since.keys() - empty:
            del self._empty_since[name]
        for name in empty:
            if now - self._empty_since.setdefault(name, now) < SETTLING:
                del found.tasks[name]


def _understood(name: str, text: bytes | None) -> Task | TaskTextError:
    if text is None:
        return TaskTextError("it cannot be read", where=f"{name}.md")
    try:
        task = parse_task(name, text)
    except TaskTextError as error:
        return error
    if len(text) <= KEPT_TEXT:
        return task
    return replace(task, text=b"", prompt=task.prompt[:KEPT_TEXT])


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"
