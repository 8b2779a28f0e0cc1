"""The single steps of SFTP that a protocol between several machines is built of.

Needs OpenSSH's extensions `posix-rename`, `hardlink` and `fsync` (PROTOCOL of OpenSSH, §4).
"""

from __future__ import annotations

import asyncio
import errno
import os
import stat
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncssh

from fleet_tui.model.errors import Unreachable
from fleet_tui.transport.asyncssh_seams import sftp_extensions
from fleet_tui.transport.ssh_errors import map_ssh_errors
from fleet_tui.transport.ssh_files import SshFiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fleet_tui.transport.base import Connection

BLOCK = 32 * 1024
"""Bytes of one request; every server takes so many."""
_AT_ONCE = 32
EXTENSIONS = ("posix-rename", "hardlink", "fsync")


@dataclass(frozen=True, slots=True)
class RemoteEntry:
    """One name in a folder of a host."""

    name: str
    size: int
    mtime: int
    """Seconds of that host's clock."""
    is_plain: bool


class Unsupported(Exception):
    """The server does not know an extension; carries its name."""


async def atomic_files(connection: Connection) -> AtomicFiles:
    """Return the single steps for a host's files; raises Unreachable when it has no SFTP."""
    files = await connection.files()
    if not isinstance(files, SshFiles):
        raise Unreachable(
            "its files are reached without SSH",
            host=connection.host.name,
            fault="other",
            mend='use backend = "directory" for a folder of this machine',
        )
    return AtomicFiles(*files.session)


class AtomicFiles:
    """Each method is one change or none. Failures are OSError, or Unreachable when contact is lost.

    SFTP says "failure" for most that can go wrong, so a name that is taken is found by looking.
    """

    def __init__(self, host: str, client: asyncssh.SFTPClient) -> None:
        self._host = host
        self._client = client

    async def make_folders(self, paths: Sequence[str]) -> None:
        """Make folders, 0700, and those above them."""
        for path in paths:
            with self._errors(path):
                attributes = asyncssh.SFTPAttrs(permissions=0o700)
                await self._client.makedirs(_remote(path), attributes, exist_ok=True)

    async def scan(self, path: str) -> list[RemoteEntry]:
        """Return what is in a folder."""
        found = []
        with self._errors(path):
            async for entry in self._client.scandir(_remote(path)):
                name = _text(entry.filename)
                if name not in (".", ".."):
                    found.append(_entry(name, entry.attrs))
        return found

    async def stat(self, path: str) -> RemoteEntry | None:
        """Return one entry, None when nothing is there."""
        try:
            with self._errors(path):
                attributes = await self._client.lstat(_remote(path))
        except FileNotFoundError:
            return None
        return _entry(os.path.basename(path), attributes)

    async def read(self, path: str, limit: int, *, sync: bool = False) -> bytes:
        """Return up to `limit` bytes; with `sync` the file and its name are on disk, too."""
        with self._errors(path):
            async with self._client.open(_remote(path), "rb", block_size=None) as file:
                if sync:
                    await self._sync(file)
                pieces: list[bytes] = []
                size = 0
                while size < limit:
                    wanted = min(BLOCK, limit - size)
                    piece: bytes = await file.read(wanted, size)
                    pieces.append(piece)
                    size += len(piece)
                    if len(piece) < wanted:
                        break
                return b"".join(pieces)

    async def read_many(self, paths: Sequence[str], limit: int) -> list[bytes | None]:
        """Read several files at once, None for those that cannot be read."""
        turn = asyncio.Semaphore(_AT_ONCE)

        async def one(path: str) -> bytes | None:
            async with turn:
                try:
                    return await self.read(path, limit)
                except OSError:
                    return None

        return await asyncio.gather(*(one(path) for path in paths))

    async def create(self, path: str, data: bytes, *, durable: bool) -> None:
        """Write a new file, 0600."""
        attributes = asyncssh.SFTPAttrs(permissions=0o600)
        try:
            with self._errors(path):
                file = await self._client.open(_remote(path), "xb", attributes, block_size=None)
        except OSError as error:
            if isinstance(error, FileNotFoundError) or await self.stat(path) is None:
                raise
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path) from error
        try:
            with self._errors(path):
                async with file:
                    for start in range(0, len(data), BLOCK):
                        await file.write(data[start : start + BLOCK], start)
                    if durable:
                        await self._sync(file)
        except OSError:
            await self.unlink(path)
            raise

    async def rename(self, source: str, target: str) -> None:
        """Move a file over `target`; raises Unsupported."""
        with self._errors(source, "posix-rename"):
            await self._client.posix_rename(_remote(source), _remote(target))

    async def link(self, source: str, target: str) -> None:
        """Give a file a second name; raises FileExistsError, Unsupported."""
        try:
            with self._errors(source, "hardlink"):
                await self._client.link(_remote(source), _remote(target))
        except FileNotFoundError:
            raise
        except OSError as error:
            if await self.stat(target) is None:
                raise error from error.__cause__
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from error

    async def unlink(self, path: str) -> None:
        """Remove a name."""
        with self._errors(path):
            await self._client.remove(_remote(path))

    async def stamp(self, path: str, mtime: int) -> None:
        """Set the modification time."""
        with self._errors(path):
            await self._client.utime(_remote(path), (mtime, mtime))

    async def sync(self, path: str) -> None:
        """Write a file to disk, and with it (on ext4, xfs, btrfs) the names it was given."""
        with self._errors(path):
            async with self._client.open(_remote(path), "rb", block_size=None) as file:
                await self._sync(file)

    async def has_fsync(self, path: str) -> bool:
        """Tell whether the server can write a file to disk on request."""
        with self._errors(path):
            async with self._client.open(_remote(path), "rb", block_size=None) as file:
                return await self._sync(file)

    def lacking(self) -> frozenset[str]:
        """Return those of the three extensions that the server did not name when it was met."""
        return frozenset(EXTENSIONS) - sftp_extensions(self._client)

    async def _sync(self, file: asyncssh.SFTPClientFile) -> bool:
        try:
            await file.fsync()
        except asyncssh.SFTPOpUnsupported:
            return False
        return True

    @contextmanager
    def _errors(self, path: str, extension: str = "") -> Iterator[None]:
        problem: Exception | None = None
        with map_ssh_errors(self._host):
            try:
                yield
            except asyncssh.SFTPOpUnsupported as error:
                problem = Unsupported(extension or str(error.reason))
            except (asyncssh.SFTPConnectionLost, asyncssh.SFTPNoConnection) as error:
                raise asyncssh.ConnectionLost("the SFTP session ended") from error
            except asyncssh.SFTPError as error:
                problem = _os_error(error, path)
        if problem is not None:
            raise problem


def _os_error(error: asyncssh.SFTPError, path: str) -> OSError:
    if isinstance(error, asyncssh.SFTPNoSuchFile | asyncssh.SFTPNoSuchPath):
        return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
    if isinstance(error, asyncssh.SFTPPermissionDenied):
        return PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
    if isinstance(error, asyncssh.SFTPFileAlreadyExists):
        return FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    if isinstance(error, asyncssh.SFTPNoSpaceOnFilesystem | asyncssh.SFTPQuotaExceeded):
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
    said = str(error.reason) or "failure"
    return OSError(errno.EIO, f"the host answered `{said}` (a full disk is answered so, too)", path)


def _entry(name: str, attributes: asyncssh.SFTPAttrs) -> RemoteEntry:
    mode = attributes.permissions
    is_plain = mode is None or stat.S_ISREG(mode)
    return RemoteEntry(name, attributes.size or 0, int(attributes.mtime or 0), is_plain)


def _text(name: str | bytes) -> str:
    return name if isinstance(name, str) else name.decode("utf-8", "surrogateescape")


def _remote(path: str) -> str:
    """SFTP starts in the home folder and knows no tilde."""
    return path.removeprefix("~/") if path.startswith("~/") else path
