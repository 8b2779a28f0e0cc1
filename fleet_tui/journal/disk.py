"""The few calls to the disk that differ between systems."""

from __future__ import annotations

import os
import sys

BINARY: int = getattr(os, "O_BINARY", 0)
"""Flag for `os.open`: no translation of newlines (Windows)."""


def write_all(fd: int, data: bytes) -> None:
    """Write all of `data`; raises OSError when only a part fits."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def sync_file(fd: int) -> None:
    """Return when what was written to `fd` is on the disk itself."""
    if sys.platform == "darwin":
        import fcntl

        # fsync only reaches the drive's cache there: fsync(2) of macOS
        fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
    elif sys.platform == "win32":
        os.fsync(fd)
    else:
        os.fdatasync(fd)


def sync_folder(path: str | os.PathLike[str]) -> None:
    """Return when names created or changed in the folder are on disk; nothing on Windows."""
    if sys.platform == "win32":
        return
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_at(fd: int, data: bytes, offset: int) -> None:
    """Write all of `data` at `offset`; raises OSError when only a part fits."""
    view = memoryview(data)
    if sys.platform == "win32":
        os.lseek(fd, offset, os.SEEK_SET)
        write_all(fd, data)
        return
    while view:
        written = os.pwrite(fd, view, offset)
        view = view[written:]
        offset += written


def read_at(fd: int, size: int, offset: int) -> bytes:
    """Read up to `size` bytes at `offset`."""
    if sys.platform == "win32":
        os.lseek(fd, offset, os.SEEK_SET)
        return os.read(fd, size)
    return os.pread(fd, size, offset)
