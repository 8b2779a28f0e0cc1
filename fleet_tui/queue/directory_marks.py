"""Marks in a queue's folder: small files that are made once, by whoever comes first."""

from __future__ import annotations

import contextlib
import secrets
from typing import TYPE_CHECKING

from fleet_tui.queue.names import MARKS, TMP

if TYPE_CHECKING:
    from fleet_tui.queue.directory_seam import QueueFolder

MAX_MARK = 64 * 1024


class Marks:
    """Raises OSError, as its folder does."""

    def __init__(self, folder: QueueFolder) -> None:
        self._folder = folder

    async def put(self, name: str, data: bytes) -> bool:
        """Make a mark, durable on return; False when there is one of this name."""
        staged, path = f"{TMP}/mark-{secrets.token_hex(8)}", f"{MARKS}/{name}"
        await self._folder.create(staged, data, durable=True)
        try:
            await self._folder.link(staged, path)
        except FileExistsError:
            return False
        finally:
            await self._drop(staged)
        await self._folder.sync_name(path)
        return True

    async def get(self, name: str) -> bytes | None:
        """Return what a mark says, None without one."""
        try:
            return await self._folder.read(f"{MARKS}/{name}", MAX_MARK)
        except FileNotFoundError:
            return None

    async def remove(self, name: str) -> None:
        """Take a mark away, if it is there."""
        await self._drop(f"{MARKS}/{name}")

    async def names(self) -> list[str]:
        """Return the names of all marks."""
        return sorted(await self._folder.names(MARKS))

    async def _drop(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            await self._folder.unlink(path)
