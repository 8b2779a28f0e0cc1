"""SFTP to the few files of a demo host that are read over it; nothing of the real disk is opened.

The stream session of asyncssh that leads the protocol is not part of its documented interface; a
test of the demo holds it to what is used here.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, cast

import asyncssh
from asyncssh.stream import SSHServerStreamSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from asyncssh.channel import SSHChannel, SSHServerChannel

    from fleet_tui.demo.kept_files import KeptFiles
    from fleet_tui.demo.transcripts import DemoFile

_VERSION = 3


def files_session(kept: KeptFiles) -> SSHServerStreamSession[bytes]:
    """Return what serves one SFTP session on the host of these files."""

    def files(channel: SSHChannel[bytes]) -> DemoFiles:
        return DemoFiles(cast("SSHServerChannel[bytes]", channel), kept)

    return SSHServerStreamSession(None, files, _VERSION)


class DemoFiles(asyncssh.SFTPServer):
    """Read only: what is not overridden would reach the real disk, so it is refused."""

    def __init__(self, channel: SSHServerChannel[bytes], kept: KeptFiles) -> None:
        super().__init__(channel)
        self._files = kept.files

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> DemoFile:
        """Open a file for reading."""
        del attrs
        if pflags != asyncssh.FXF_READ:
            raise asyncssh.SFTPPermissionDenied("the demo's files can be read only")
        return self._find(path)

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        """Return a slice."""
        return file_obj.data[offset : offset + size]  # type: ignore[attr-defined, no-any-return]

    def close(self, file_obj: object) -> None:
        """Let it go."""

    def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        """Tell what is at a path."""
        name = path.decode("utf-8", "replace")
        if any(known.startswith(name.rstrip("/") + "/") for known in self._files):
            return _folder()
        return _file(self._find(path))

    lstat = stat

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        """Tell what an open file is."""
        return _file(file_obj)  # type: ignore[arg-type]

    def realpath(self, path: bytes) -> bytes:
        """There are no links here."""
        return path

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        """Yield what is in a folder."""
        prefix = path.decode("utf-8", "replace").rstrip("/") + "/"
        below = {n[len(prefix) :]: f for n, f in self._files.items() if n.startswith(prefix)}
        if not below:
            raise asyncssh.SFTPNoSuchFile("no such folder")
        seen: set[str] = set()
        for rest, file in below.items():
            name, _, more = rest.partition("/")
            if name not in seen:
                seen.add(name)
                attrs = _folder() if more else _file(file)
                yield asyncssh.SFTPName(name.encode(), b"", attrs)

    def _find(self, path: bytes) -> DemoFile:
        found = self._files.get(path.decode("utf-8", "replace"))
        if found is None:
            raise asyncssh.SFTPNoSuchFile("no such file")
        return found


def _refused(self: DemoFiles, *_arguments: object) -> None:
    """Refuse whatever would change something, or look at the real disk."""
    raise asyncssh.SFTPPermissionDenied("the demo's files can be read only")


for _name in (
    *("write", "setstat", "lsetstat", "fsetstat", "statvfs", "fstatvfs", "remove", "mkdir"),
    *("rmdir", "readlink", "rename", "posix_rename", "symlink", "link", "lock", "unlock"),
    *("fsync", "open56"),
):
    setattr(DemoFiles, _name, _refused)


def _folder() -> asyncssh.SFTPAttrs:
    return asyncssh.SFTPAttrs(
        type=asyncssh.FILEXFER_TYPE_DIRECTORY, permissions=stat.S_IFDIR | 0o700, size=0
    )


def _file(file: DemoFile) -> asyncssh.SFTPAttrs:
    at = int(file.changed_at)
    return asyncssh.SFTPAttrs(
        type=asyncssh.FILEXFER_TYPE_REGULAR,
        permissions=stat.S_IFREG | 0o600,
        size=len(file.data),
        atime=at,
        mtime=at,
    )
