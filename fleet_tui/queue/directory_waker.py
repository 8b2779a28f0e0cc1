"""Tells when something changed in a queue's folder: by notification where there is one, by looks.

Notifications do not see what other machines do on a network mount, so looks go on beside them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LOOK_SECONDS = 0.05
"""Between two looks where nothing notifies."""
SLOW_LOOK_SECONDS = 1.0
"""Between two looks beside notifications."""
_STEP_MS = 5


class FolderWaker:
    """Compares folders' modification times. One change is told twice at most, none is missed.

    A folder's time may stay the same when it changes twice within a tick of the file system's
    clock; the look after a change therefore tells of another.
    """

    def __init__(self, paths: Sequence[str], *, notifies: bool = True) -> None:
        self._paths = paths
        self._seen: tuple[int, ...] | None = None
        self._is_fresh = False
        self._nudge = asyncio.Event()
        self._notifies = notifies
        self._listener: asyncio.Task[None] | None = None

    async def wait(self, timeout: float) -> bool:
        """Return True on a change since the last call, False after `timeout` seconds."""
        self._listen()
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + timeout
        while True:
            self._nudge.clear()
            if await asyncio.to_thread(self._look):
                return True
            left = ends_at - loop.time()
            if left <= 0:
                return False
            pause = SLOW_LOOK_SECONDS if self._notifies else LOOK_SECONDS
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(left, pause)):
                    await self._nudge.wait()

    async def close(self) -> None:
        """End the notifications."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.wait([self._listener])
            self._listener = None

    def _look(self) -> bool:
        times = tuple(_mtime(path) for path in self._paths)
        has_changed = self._seen is not None and times != self._seen
        told = has_changed or self._is_fresh
        self._seen, self._is_fresh = times, has_changed
        return told

    def _listen(self) -> None:
        if self._notifies and self._listener is None:
            self._listener = asyncio.create_task(self._hear())

    async def _hear(self) -> None:
        try:
            from watchfiles import awatch
        except ImportError:
            self._notifies = False
            return
        try:
            async for _ in awatch(
                *self._paths, watch_filter=None, debounce=_STEP_MS, step=_STEP_MS, recursive=False
            ):
                self._nudge.set()
        except (OSError, RuntimeError):
            # No notification left on this system, or a folder that is gone: looks go on.
            self._notifies = False
            self._nudge.set()


def _mtime(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0
