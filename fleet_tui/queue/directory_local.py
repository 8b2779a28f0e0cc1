"""A queue's folder on a local disk or a network mount."""

from __future__ import annotations

import os
import stat
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from fleet_tui.journal import disk
from fleet_tui.model.task import QueueError, QueueMissing
from fleet_tui.queue.directory_mounts import file_system
from fleet_tui.queue.directory_seam import FileEntry
from fleet_tui.queue.names import PENDING, TMP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

_NO_FOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT: int = getattr(os, "O_NONBLOCK", 0)
READ_AHEAD = 1000
LINKLESS = frozenset({"vfat", "msdos", "exfat", "fuse.exfat", "fuse.mtpfs"})
"""File systems in which a file has one name."""
_BLOCK = 64 * 1024


class System(Protocol):
    """The system calls that change anything, so that tests can fail or die at each of them."""

    def open(self, path: str, flags: int, mode: int = 0o777) -> int:
        """As os.open."""

    def write(self, fd: int, data: bytes) -> None:
        """Write all of it."""

    def fsync(self, fd: int) -> None:
        """Return when the file's data is on disk."""

    def fsync_folder(self, path: str) -> None:
        """Return when the folder's names are on disk."""

    def rename(self, source: str, target: str) -> None:
        """As os.replace."""

    def link(self, source: str, target: str) -> None:
        """As os.link."""

    def unlink(self, path: str) -> None:
        """As os.unlink."""

    def utime(self, path: str, seconds: int | None) -> None:
        """Set the modification time, None for now."""

    def scandir(self, path: str) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        """As os.scandir."""


class RealSystem:
    """This machine's."""

    def open(self, path: str, flags: int, mode: int = 0o777) -> int:
        """As os.open."""
        return os.open(path, flags, mode)

    def write(self, fd: int, data: bytes) -> None:
        """Write all of it."""
        disk.write_all(fd, data)

    def fsync(self, fd: int) -> None:
        """Return when the file's data is on disk."""
        disk.sync_file(fd)

    def fsync_folder(self, path: str) -> None:
        """Return when the folder's names are on disk."""
        disk.sync_folder(path)

    def rename(self, source: str, target: str) -> None:
        """As os.replace."""
        os.replace(source, target)

    def link(self, source: str, target: str) -> None:
        """As os.link."""
        os.link(source, target, follow_symlinks=False)

    def unlink(self, path: str) -> None:
        """As os.unlink."""
        os.unlink(path)

    def utime(self, path: str, seconds: int | None) -> None:
        """Set the modification time, None for now."""
        os.utime(path, None if seconds is None else (seconds, seconds))

    def scandir(self, path: str) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        """As os.scandir."""
        return os.scandir(path)


class LocalFolder:
    """Makes its calls on the spot, in whatever thread it is asked; it never really awaits."""

    read_ahead = READ_AHEAD
    weaknesses: tuple[str, ...] = ()

    def __init__(self, root: Path, system: System | None = None) -> None:
        self.root = root.expanduser()
        self._system = system or RealSystem()
        self._lacking: frozenset[str] = frozenset()
        """Folders that were not there when the queue was found."""

    @property
    def place(self) -> str:
        """The path."""
        return str(self.root)

    async def prepare(self, folders: Sequence[str]) -> None:
        """Make the folders; refuse a file system without hard links."""
        self._lacking = frozenset()
        for folder in folders:
            (self.root / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        probe = f"{TMP}/probe-{os.getpid()}-{id(self)}"
        self._remove(probe, f"{probe}.link")
        await self.create(probe, b"", durable=False)
        try:
            await self.link(probe, f"{probe}.link")
            if not await self.is_same(probe, f"{probe}.link"):
                raise OSError("two names of one file look like two files")
        except OSError as error:
            raise self._no_links(error.strerror or str(error)) from error
        finally:
            self._remove(probe, f"{probe}.link")

    async def find(self, folders: Sequence[str]) -> QueueError | None:
        """Look whether they are there; judge the mount by its kind and the folders by their modes.

        Whether names can be linked shows only in the kinds of file system that never can.
        """
        there = [folder for folder in folders if _is_folder(self._at(folder))]
        if PENDING not in there:
            raise QueueMissing(self.place, "mount its disk, or correct `path` in [queue]")
        self._lacking = frozenset(folders) - frozenset(there)
        kind = file_system(self.root)
        if kind in LINKLESS:
            return self._no_links(f"it is {kind}")
        for folder in there:
            if not os.access(self._at(folder), os.R_OK | os.W_OK | os.X_OK):
                return QueueError(
                    f"it cannot be written here, so no task can be added or taken: {folder}/",
                    where=self.place,
                    mend="make the folder and what is in it yours, or mount its disk for writing",
                )
        return None

    def _no_links(self, why: str) -> QueueError:
        return QueueError(
            f"this file system has no usable hard links: {why}",
            where=self.place,
            mend="keep the queue on ext4, xfs, apfs, ntfs or NFS; or use sftp or nats",
        )

    async def scan(self, folder: str) -> list[FileEntry]:
        """Return what is in a folder; what vanishes meanwhile is left out."""
        entries = []
        with self._listed(folder) as found:
            for one in found:
                try:
                    entries.append(_entry(one.name, one.stat(follow_symlinks=False)))
                except FileNotFoundError:
                    continue
        return entries

    async def names(self, folder: str) -> set[str]:
        """Return the names in a folder."""
        with self._listed(folder) as found:
            return {one.name for one in found}

    async def stat(self, path: str) -> FileEntry | None:
        """Return one entry."""
        try:
            return _entry(os.path.basename(path), os.lstat(self._at(path)))
        except FileNotFoundError:
            return None

    async def read(self, path: str, limit: int, *, sync: bool = False) -> bytes:
        """Return up to `limit` bytes; neither follows a link nor waits for a pipe."""
        if sync:
            await self.sync_name(path)
        flags = os.O_RDONLY | disk.BINARY | _NO_FOLLOW | _NO_WAIT
        fd = self._system.open(self._at(path), flags)
        try:
            return _read_all(fd, limit)
        finally:
            os.close(fd)

    async def read_many(self, paths: Sequence[str], limit: int) -> list[bytes | None]:
        """Read one after the other."""
        found: list[bytes | None] = []
        for path in paths:
            try:
                found.append(await self.read(path, limit))
            except OSError:
                found.append(None)
        return found

    async def create(self, path: str, data: bytes, *, durable: bool) -> None:
        """Write a new file, 0600; nothing is left of it when that fails."""
        place = self._at(path)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | disk.BINARY
        fd = self._system.open(place, flags, 0o600)
        try:
            try:
                self._system.write(fd, data)
                if durable:
                    self._system.fsync(fd)
            finally:
                os.close(fd)
        except OSError:
            self._remove(path)
            raise

    async def rename(self, source: str, target: str) -> None:
        """Move a file atomically."""
        self._system.rename(self._at(source), self._at(target))

    async def link(self, source: str, target: str) -> None:
        """Give a file a second name."""
        self._system.link(self._at(source), self._at(target))

    async def unlink(self, path: str) -> None:
        """Remove a name."""
        self._system.unlink(self._at(path))

    async def stamp(self, path: str, mtime: int) -> None:
        """Set the modification time; another user's file gets the server's present time."""
        try:
            self._system.utime(self._at(path), mtime)
        except PermissionError:
            self._system.utime(self._at(path), None)

    async def is_same(self, first: str, second: str) -> bool:
        """Compare device and inode."""
        try:
            one, other = os.lstat(self._at(first)), os.lstat(self._at(second))
        except FileNotFoundError:
            return False
        return os.path.samestat(one, other)

    async def sync_name(self, path: str) -> None:
        """Write the folder that holds the name to disk."""
        self._system.fsync_folder(os.path.dirname(self._at(path)))

    async def close(self) -> None:
        """Nothing is held open."""

    def _listed(self, folder: str) -> AbstractContextManager[Iterator[os.DirEntry[str]]]:
        try:
            return self._system.scandir(self._at(folder))
        except FileNotFoundError:
            if folder not in self._lacking:
                raise
            return nullcontext(iter(()))

    def _at(self, path: str) -> str:
        return os.path.join(self.root, path)

    def _remove(self, *paths: str) -> None:
        for path in paths:
            Path(self._at(path)).unlink(missing_ok=True)


def _read_all(fd: int, limit: int) -> bytes:
    pieces = []
    while limit > 0 and (piece := os.read(fd, min(limit, _BLOCK))):
        pieces.append(piece)
        limit -= len(piece)
        if len(piece) < _BLOCK:
            break
    return b"".join(pieces)


def _is_folder(path: str) -> bool:
    try:
        return stat.S_ISDIR(os.stat(path).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _entry(name: str, status: os.stat_result) -> FileEntry:
    return FileEntry(name, status.st_size, status.st_mtime_ns, stat.S_ISREG(status.st_mode))
