"""A queue's folder on a host, by the single steps of SFTP."""

from __future__ import annotations

import posixpath
import secrets
from typing import TYPE_CHECKING

from fleet_tui.model.errors import Unreachable
from fleet_tui.model.task import QueueError, QueueMissing
from fleet_tui.queue.directory_seam import FileEntry
from fleet_tui.queue.names import PENDING, TMP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.clock import Clock
    from fleet_tui.transport.atomic_files import AtomicFiles, RemoteEntry
    from fleet_tui.transport.base import Connection, Connector

READ_AHEAD = 128
_LONG_AGO = 978_307_200
"""2001-01-01: times around it serve as marks, no file of a queue is so old."""


class SftpFolder:
    """Asks the pool for a connection whenever the last one is gone."""

    read_ahead = READ_AHEAD

    def __init__(self, pool: Connector, host: str, root: str, clock: Clock) -> None:
        self._pool = pool
        self._host = host
        self._root = root
        self._clock = clock
        self._open: tuple[Connection, AtomicFiles] | None = None
        self.weaknesses: tuple[str, ...] = ()
        """What the server lacks without making the queue unsafe while it runs."""
        self._lacking: frozenset[str] = frozenset()
        """Folders that were not there when the queue was found."""

    @property
    def place(self) -> str:
        """Host and path."""
        return f"{self._host}:{self._root}"

    async def prepare(self, folders: Sequence[str]) -> None:
        """Make the folders, and try each extension that the promise needs."""
        from fleet_tui.transport.atomic_files import Unsupported

        files = await self._files()
        self._lacking = frozenset()
        await files.make_folders([self._at(folder) for folder in folders])
        one, other, third = (f"{TMP}/probe-{secrets.token_hex(8)}" for _ in range(3))
        lacking: list[str] = []
        await self.create(one, b"", durable=False)
        await self.create(third, b"", durable=False)
        try:
            steps = (("hardlink", self.link, one), ("posix-rename", self.rename, third))
            for extension, step, source in steps:
                try:
                    await step(source, other)
                    if extension == "hardlink" and not await self.is_same(one, other):
                        lacking.append("hard links that are one file")
                except (Unsupported, OSError) as error:
                    lacking.append(f"{extension}@openssh.com ({error})")
            if not await files.has_fsync(self._at(one)):
                self._has_no_fsync()
        finally:
            for path in (one, other, third):
                await self._forget(path)
        if lacking:
            raise self._unfit(lacking)

    async def find(self, folders: Sequence[str]) -> QueueError | None:
        """Look whether they are there, and which extensions the server says that it has."""
        files = await self._files()
        if await files.stat(self._at(PENDING)) is None:
            raise QueueMissing(self.place, "mount its disk there, or correct `path` in [queue]")
        absent = {one for one in folders if await files.stat(self._at(one)) is None}
        self._lacking = frozenset(absent)
        lacking = files.lacking()
        if "fsync" in lacking:
            self._has_no_fsync()
        needed = [f"{one}@openssh.com" for one in ("hardlink", "posix-rename") if one in lacking]
        return self._unfit(needed) if needed else None

    def _has_no_fsync(self) -> None:
        self.weaknesses = (
            f"{self._host} cannot write to disk on request (fsync@openssh.com): what its"
            " disk had not written is lost when its power fails",
        )

    def _unfit(self, lacking: Sequence[str]) -> QueueError:
        return QueueError(
            f"its SFTP server lacks {', '.join(lacking)}",
            where=self.place,
            mend="run OpenSSH's sftp-server there (`Subsystem sftp internal-sftp`), on a file"
            " system with hard links; or use nats",
        )

    async def scan(self, folder: str) -> list[FileEntry]:
        """Return what is in a folder."""
        files = await self._files()
        try:
            return [_entry(one) for one in await files.scan(self._at(folder))]
        except FileNotFoundError:
            if folder not in self._lacking:
                raise
            return []

    async def names(self, folder: str) -> set[str]:
        """Return the names in a folder; its server tells no less for them than for all."""
        return {entry.name for entry in await self.scan(folder)}

    async def stat(self, path: str) -> FileEntry | None:
        """Return one entry."""
        files = await self._files()
        found = await files.stat(self._at(path))
        return _entry(found) if found else None

    async def read(self, path: str, limit: int, *, sync: bool = False) -> bytes:
        """Return up to `limit` bytes."""
        files = await self._files()
        return await files.read(self._at(path), limit, sync=sync)

    async def read_many(self, paths: Sequence[str], limit: int) -> list[bytes | None]:
        """Read several files at once."""
        files = await self._files()
        return await files.read_many([self._at(path) for path in paths], limit)

    async def create(self, path: str, data: bytes, *, durable: bool) -> None:
        """Write a new file."""
        files = await self._files()
        await files.create(self._at(path), data, durable=durable)

    async def rename(self, source: str, target: str) -> None:
        """Move a file."""
        files = await self._files()
        await files.rename(self._at(source), self._at(target))

    async def link(self, source: str, target: str) -> None:
        """Give a file a second name."""
        files = await self._files()
        await files.link(self._at(source), self._at(target))

    async def unlink(self, path: str) -> None:
        """Remove a name."""
        files = await self._files()
        await files.unlink(self._at(path))

    async def stamp(self, path: str, mtime: int) -> None:
        """Set the modification time."""
        files = await self._files()
        await files.stamp(self._at(path), mtime)

    async def is_same(self, first: str, second: str) -> bool:
        """Mark one name with a time that the other can only have by being the same file.

        SFTP tells no inode. Both end with the present time, as after a beat.
        """
        mark = _LONG_AGO + secrets.randbelow(1 << 28)
        files = await self._files()
        try:
            await files.stamp(self._at(first), mark)
            other = await files.stat(self._at(second))
            await files.stamp(self._at(first), int(self._clock.time()))
        except FileNotFoundError:
            return False
        return other is not None and other.mtime == mark

    async def sync_name(self, path: str) -> None:
        """Write the file to disk, and so its name; one that moved on was written by its mover."""
        files = await self._files()
        try:
            await files.sync(self._at(path))
        except FileNotFoundError:
            return

    async def close(self) -> None:
        """The connection is the pool's."""
        self._open = None

    async def _files(self) -> AtomicFiles:
        from fleet_tui.transport.atomic_files import atomic_files

        if self._open is None or not self._open[0].is_open:
            connection = await self._pool.connection(self._host)
            self._open = connection, await atomic_files(connection)
        return self._open[1]

    async def _forget(self, path: str) -> None:
        try:
            await self.unlink(path)
        except (OSError, Unreachable):
            return

    def _at(self, path: str) -> str:
        return posixpath.join(self._root, path)


def _entry(found: RemoteEntry) -> FileEntry:
    return FileEntry(found.name, found.size, found.mtime * 1_000_000_000, found.is_plain)
