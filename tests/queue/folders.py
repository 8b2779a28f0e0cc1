"""Queue folders for tests: stores with a clock that tests own, and disks that fail on demand."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_tui.queue.directory import directory_store
from fleet_tui.queue.directory_local import RealSystem
from fleet_tui.queue.store import Draft, Rules

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from fleet_tui.model.task import Claim, Task
    from fleet_tui.queue.directory_store import FolderStore
    from fleet_tui.queue.store import TaskStore

RULES = Rules(lease=60.0, foreign_lease=600.0, max_attempts=3)


@dataclass
class OwnClock:
    """Stands still until it is moved."""

    wall: float = 1_800_000_000.0
    ticks: float = 100.0

    def time(self) -> float:
        return self.wall

    def monotonic(self) -> float:
        return self.ticks

    def pass_by(self, seconds: float) -> None:
        self.wall += seconds
        self.ticks += seconds


class Killed(BaseException):
    """Stands for `kill -9`: nothing that was to happen after it happens."""


@dataclass
class Disk(RealSystem):
    """Counts the calls that change something, and dies before or after one of them.

    It does not wait for the real disk: a process that is killed loses nothing that it wrote.
    """

    calls: list[str] = field(default_factory=list)
    dies_before: int = -1
    dies_after: int = -1
    is_dead: bool = False
    fails: Callable[[str, str], OSError | None] = lambda call, path: None

    def _step(self, call: str, path: str, act: Callable[[], object]) -> object:
        if self.is_dead:
            raise Killed
        number = len(self.calls)
        self.calls.append(f"{call} {os.path.basename(os.path.dirname(path))}")
        if number == self.dies_before:
            self.is_dead = True
            raise Killed
        error = self.fails(call, path)
        if error is not None:
            raise error
        try:
            return act()
        finally:
            if number == self.dies_after:
                self.is_dead = True
                raise Killed

    def open(self, path: str, flags: int, mode: int = 0o777) -> int:
        if not flags & os.O_CREAT:
            return super().open(path, flags, mode)
        fd = self._step("create", path, lambda: super(Disk, self).open(path, flags, mode))
        assert isinstance(fd, int)
        self._path = path
        return fd

    def write(self, fd: int, data: bytes) -> None:
        self._step("write", self._path, lambda: super(Disk, self).write(fd, data))

    def fsync(self, fd: int) -> None:
        self._step("fsync", self._path, lambda: None)

    def fsync_folder(self, path: str) -> None:
        self._step("fsync", f"{path}/.", lambda: None)

    def rename(self, source: str, target: str) -> None:
        self._step("rename", target, lambda: super(Disk, self).rename(source, target))

    def link(self, source: str, target: str) -> None:
        self._step("link", target, lambda: super(Disk, self).link(source, target))

    def unlink(self, path: str) -> None:
        self._step("unlink", path, lambda: super(Disk, self).unlink(path))

    def utime(self, path: str, seconds: int | None) -> None:
        self._step("utime", path, lambda: super(Disk, self).utime(path, seconds))

    def scandir(self, path: str) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        return super().scandir(path)

    def count(self, call: str) -> int:
        return sum(one.startswith(f"{call} ") for one in self.calls)


def no_space(call: str, path: str) -> OSError | None:
    """Fail whatever needs room."""
    if call in ("create", "write", "link"):
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
    return None


async def opened(
    root: Path, clock: OwnClock | None = None, *, disk: Disk | None = None, rules: Rules = RULES
) -> FolderStore:
    """Return an open store, as one process has it."""
    store = directory_store(root, rules, clock or OwnClock(), system=disk or Disk())
    await store.open()
    return store


def anything(task: Task) -> bool:
    return True


async def claimed(store: TaskStore, host: str = "nas1") -> Claim:
    """Return a claim of the next task, which must be there."""
    claim = await store.claim(anything, host=host)
    assert claim is not None
    return claim


async def added(store: TaskStore, *names: str, text: str = "Do it.") -> list[str]:
    """Add tasks of these names."""
    return await store.add([Draft(text.encode(), name) for name in names])


async def counts(store: TaskStore) -> dict[str, int]:
    """Return the states that have tasks."""
    listing = await store.listing(())
    return {state: number for state, number in listing.counts.items() if number}


async def watch_out(store: TaskStore, clock: OwnClock, seconds: float) -> list[str]:
    """Let time pass while `store` looks every ten seconds; returns what it did."""
    did: list[str] = []
    for _ in range(int(seconds / 10)):
        did += [f"{one.name} {one.kind}" for one in await store.reap()]
        clock.pass_by(10)
    return did + [f"{one.name} {one.kind}" for one in await store.reap()]
