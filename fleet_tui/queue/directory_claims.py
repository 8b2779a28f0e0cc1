"""Claiming: which task is next, and whether it is one that can be run."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING

from fleet_tui.model.task import (
    MAX_TASK_BYTES,
    Claim,
    Owner,
    Result,
    Task,
    TaskTextError,
)
from fleet_tui.queue.directory_backlog import Pending
from fleet_tui.queue.frontmatter import parse_task
from fleet_tui.queue.names import FAILED, PENDING, RUNNING, SIG, TASK, read_claim, safe_name
from fleet_tui.queue.resultfile import write_result

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.model.clock import Clock
    from fleet_tui.queue.directory_backlog import Backlog
    from fleet_tui.queue.directory_custody import Custody, Hold

MAX_SIGNATURE = 64 * 1024
FRESH_FOR = 1.0
"""Seconds for which one look at `pending/` is used, at least."""
LOOKS_SHARE = 4
"""A look that took long is used for so many times its own time."""
CROWD = 32
"""Where others claim too, one of the first so many of the same priority is tried."""
MISSES = 4
NAMES_A_MISS = 64
"""After so many misses in a row, and one more for so many names, the names are listed again."""


class Claimer:
    """Takes the next task for a worker. One call at a time."""

    def __init__(self, custody: Custody, backlog: Backlog, clock: Clock) -> None:
        self._custody = custody
        self._backlog = backlog
        self._clock = clock
        self._found = Pending()
        self._ready: list[str] = []
        self._scanned_at: float | None = None
        self._fresh_for = FRESH_FOR
        self._random = random.Random()

    def forget(self) -> None:
        """Look at `pending/` again before the next claim."""
        self._scanned_at = None

    async def claim(self, accepts: Callable[[Task], bool], host: str) -> tuple[Claim, Hold] | None:
        """Return a claim of the first task that can run and is accepted."""
        is_new = self._is_stale()
        if is_new:
            await self._look()
        while True:
            found = await self._first(accepts, host)
            if found is not None:
                return found
            if is_new and not self._backlog.unknown_left:
                return None
            await self._look()
            is_new = True

    async def set_aside(self, file: str, why: str) -> None:
        """Quarantine a file of `pending/` that cannot be a task."""
        name = safe_name(file)
        hold = await self._custody.take(file, name, "quarantine", 0)
        if hold is not None:
            await self._refuse(hold, f"{file!r}: {why}")

    def _is_stale(self) -> bool:
        scanned_at = self._scanned_at
        return scanned_at is None or self._clock.monotonic() - scanned_at >= self._fresh_for

    async def _look(self) -> None:
        began = self._clock.monotonic()
        self._found = await self._backlog.scan()
        self._ready = self._backlog.ordered(self._found)
        self._scanned_at = self._clock.monotonic()
        self._fresh_for = max(FRESH_FOR, LOOKS_SHARE * (self._scanned_at - began))
        for file, why in self._found.unfit.items():
            await self.set_aside(file, why)

    async def _first(self, accepts: Callable[[Task], bool], host: str) -> tuple[Claim, Hold] | None:
        passed = misses = 0
        while passed < len(self._ready):
            name = self._ready[passed]
            known = self._backlog.known(name)
            if known is None or (isinstance(known, Task) and not await self._may(known, accepts)):
                passed += 1
                continue
            del self._ready[passed]
            tries = self._found.tries.get(name, 0)
            hold = await self._custody.take(f"{name}{TASK}", name, host, tries + 1)
            if hold is None:
                misses += 1
                if misses >= MISSES + len(self._ready) // NAMES_A_MISS:
                    misses = 0
                    await self._drop_gone(passed)
                self._step_aside(passed)
                continue
            hold.tries = tries
            hold.has_priority = self._found.priority.get(name)
            claim = await self._understand(hold, accepts)
            if claim is not None:
                return claim, hold
        return None

    async def _may(self, task: Task, accepts: Callable[[Task], bool]) -> bool:
        return accepts(task) and not await self._backlog.waits(task.name)

    def _step_aside(self, start: int) -> None:
        """Others take tasks as well: go on with another than they probably will."""
        crowd = self._ready[start : start + CROWD]
        if crowd:
            first = self._priority(crowd[0])
            crowd = list(takewhile(lambda name: self._priority(name) == first, crowd))
            jump = self._random.randrange(len(crowd))
            self._ready[start : start + len(crowd)] = crowd[jump:] + crowd[:jump]

    async def _drop_gone(self, start: int) -> None:
        """Leave out what others have taken since the last look."""
        there = await self._custody.folder.names(PENDING)
        self._ready[start:] = [name for name in self._ready[start:] if f"{name}{TASK}" in there]

    def _priority(self, name: str) -> int:
        return self._backlog.priority(self._found, name)

    async def _understand(self, hold: Hold, accepts: Callable[[Task], bool]) -> Claim | None:
        """Read what was claimed; set it aside when that cannot be, return it when not accepted."""
        folder = self._custody.folder
        place = f"{RUNNING}/{hold.file}"
        try:
            text = await folder.read(place, MAX_TASK_BYTES + 1, sync=True)
            task = parse_task(hold.name, text)
        except FileNotFoundError:
            return None
        except TaskTextError as error:
            await self._refuse(hold, str(error))
            return None
        except OSError as error:
            await self._refuse(hold, f"it cannot be read: {error.strerror or error}")
            return None
        (signature,) = await folder.read_many([f"{PENDING}/{hold.name}{SIG}"], MAX_SIGNATURE)
        task = replace(task, signature=signature)
        hold.is_signed = signature is not None
        if not accepts(task):
            file = await self._custody.fence_off(hold.file)
            if file is not None:
                await self._custody.put_back(file, hold.name, None, "")
            return None
        claimed = read_claim(hold.file)
        assert claimed is not None
        return Claim(task, Owner(claimed.host, claimed.fence), hold.tries + 1, hold.file)

    async def _refuse(self, hold: Hold, why: str) -> None:
        claimed = read_claim(hold.file)
        fence = claimed.fence if claimed else ""
        data = write_result(Result("", reason=why), fence)
        await self._custody.finish(hold, FAILED, "quarantined", data)
