"""Files of a host over SFTP (draft-ietf-secsh-filexfer-02, with OpenSSH's posix-rename)."""

from __future__ import annotations

import contextlib
import errno
import posixpath
import secrets
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING

import asyncssh

from fleet_tui.transport.base import FileEntry
from fleet_tui.transport.ssh_errors import map_ssh_errors

if TYPE_CHECKING:
    from collections.abc import Iterator


class SshFiles:
    """Reads and writes over one SFTP session; `~/` at the start of a path is the home folder."""

    def __init__(self, host: str, client: asyncssh.SFTPClient) -> None:
        self._host = host
        self._client = client

    @property
    def session(self) -> tuple[str, asyncssh.SFTPClient]:
        """The host's name and the SFTP session, for what needs more of the protocol."""
        return self._host, self._client

    async def read(self, path: str, *, offset: int = 0, size: int = -1) -> bytes:
        """Return up to `size` bytes from `offset`."""
        with self._errors(path):
            async with self._client.open(_remote(path), "rb", encoding=None) as file:
                return await file.read(size, offset)

    async def write(self, path: str, data: bytes, *, mode: int = 0o600) -> None:
        """Write beside `path`, then rename over it."""
        target = _remote(path)
        folder, name = posixpath.split(target)
        beside = posixpath.join(folder, f".{name}.{secrets.token_hex(6)}")
        with self._errors(path):
            try:
                attributes = asyncssh.SFTPAttrs(permissions=mode)
                async with self._client.open(beside, "xb", attributes, encoding=None) as file:
                    await file.write(data)
                await self._client.chmod(beside, mode)
                await self._replace(beside, target)
            except BaseException:
                with contextlib.suppress(asyncssh.Error, OSError):
                    await self._client.remove(beside)
                raise

    async def exists(self, path: str) -> bool:
        """Return whether something is at `path`."""
        with self._errors(path):
            return await self._client.lexists(_remote(path))

    async def listdir(self, path: str) -> list[str]:
        """Return the names in a folder, sorted."""
        with self._errors(path):
            names = await self._client.listdir(_remote(path))
        texts = (name if isinstance(name, str) else name.decode() for name in names)
        return sorted(name for name in texts if name not in (".", ".."))

    async def entries(self, path: str) -> list[FileEntry]:
        """Return what is in a folder, sorted by name; links are not followed."""
        with self._errors(path):
            names = await self._client.readdir(_remote(path))
        found = (_entry(item) for item in names)
        return sorted((e for e in found if e.name not in (".", "..")), key=lambda e: e.name)

    async def _replace(self, source: str, target: str) -> None:
        try:
            await self._client.posix_rename(source, target)
        except asyncssh.SFTPOpUnsupported:
            with contextlib.suppress(asyncssh.SFTPNoSuchFile):
                await self._client.remove(target)
            await self._client.rename(source, target)

    @contextmanager
    def _errors(self, path: str) -> Iterator[None]:
        try:
            with map_ssh_errors(self._host):
                try:
                    yield
                except asyncssh.SFTPError as error:
                    raise _as_os_error(error, path) from error
        except _FileError as error:
            raise error.error from error.__cause__


class _FileError(Exception):
    """Carries a plain OSError of the remote file system past the mapping of lost connections."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


def _as_os_error(error: asyncssh.SFTPError, path: str) -> Exception:
    if isinstance(error, asyncssh.SFTPNoSuchFile | asyncssh.SFTPNoSuchPath):
        return _FileError(FileNotFoundError(errno.ENOENT, "no such file", path))
    if isinstance(error, asyncssh.SFTPPermissionDenied):
        return _FileError(PermissionError(errno.EACCES, "permission denied", path))
    if isinstance(error, asyncssh.SFTPConnectionLost | asyncssh.SFTPNoConnection):
        return asyncssh.ConnectionLost("the SFTP session ended")
    return _FileError(OSError(errno.EIO, str(error.reason) or "the host refused", path))


def _entry(item: asyncssh.SFTPName) -> FileEntry:
    name, attrs = item.filename, item.attrs
    text = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
    is_folder = attrs.type == asyncssh.FILEXFER_TYPE_DIRECTORY or stat.S_ISDIR(
        attrs.permissions or 0
    )
    return FileEntry(text, attrs.size or 0, float(attrs.mtime or 0), is_folder)


def _remote(path: str) -> str:
    """SFTP starts in the home folder and knows no tilde."""
    if path == "~":
        return "."
    return path.removeprefix("~/") if path.startswith("~/") else path
