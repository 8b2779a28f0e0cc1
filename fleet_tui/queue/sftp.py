"""The task store in a folder of a host, through the fleet's own connection to it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from fleet_tui.queue.directory_store import FolderStore
from fleet_tui.queue.names import DONE, FAILED, PENDING, RUNNING
from fleet_tui.queue.sftp_folder import SftpFolder

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from fleet_tui.model.clock import Clock
    from fleet_tui.queue.store import Rules
    from fleet_tui.transport.base import Connector

LOOK_SECONDS = 1.5
"""Between two looks at the folders' times."""
SECOND = 1.1
"""After so long a time of whole seconds has surely moved on."""


def sftp_store(pool: Connector, host: str, root: str, rules: Rules, clock: Clock) -> FolderStore:
    """Return a store in folder `root` of `host`."""
    folder = SftpFolder(pool, host, root, clock)
    return FolderStore(folder, rules, clock, drive=_here, waker=SftpWaker(folder))


async def _here(work: Coroutine[Any, Any, Any]) -> Any:
    return await work


class SftpWaker:
    """Looks at the folders' modification times; SFTP has nothing to tell of changes by itself."""

    def __init__(self, folder: SftpFolder, pause: float = LOOK_SECONDS) -> None:
        self._folder = folder
        self._pause = pause
        self._seen: tuple[int, ...] | None = None
        self._again_at: float | None = None

    async def wait(self, timeout: float) -> bool:
        """Return True on a change since the last call.

        Times are whole seconds there, and a second change in the same one cannot be seen: so each
        change is told once more when that second is over.
        """
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + timeout
        while True:
            times = await self._times()
            told = self._seen is not None and times != self._seen
            if times != self._seen:
                self._seen, self._again_at = times, loop.time() + SECOND
            elif self._again_at is not None and loop.time() >= self._again_at:
                told, self._again_at = True, None
            left = ends_at - loop.time()
            if told or left <= 0:
                return told
            await asyncio.sleep(min(left, self._pause))

    async def close(self) -> None:
        """Nothing is held open."""

    async def _times(self) -> tuple[int, ...]:
        found = await asyncio.gather(
            *(self._folder.stat(one) for one in (PENDING, RUNNING, DONE, FAILED))
        )
        return tuple(entry.mtime_ns if entry else 0 for entry in found)
