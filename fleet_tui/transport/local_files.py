"""The local disk behind the same protocol as a host's files."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from pathlib import Path

from fleet_tui.transport.base import FileEntry


class LocalFiles:
    """Reads and writes in threads; `~` at the start of a path is the home folder."""

    async def read(self, path: str, *, offset: int = 0, size: int = -1) -> bytes:
        """Return up to `size` bytes from `offset`."""
        return await asyncio.to_thread(_read, _expand(path), offset, size)

    async def write(self, path: str, data: bytes, *, mode: int = 0o600) -> None:
        """Write beside `path`, then rename over it."""
        await asyncio.to_thread(_write, _expand(path), data, mode)

    async def exists(self, path: str) -> bool:
        """Return whether something is at `path`."""
        return await asyncio.to_thread(os.path.lexists, _expand(path))

    async def listdir(self, path: str) -> list[str]:
        """Return the names in a folder, sorted."""
        return sorted(await asyncio.to_thread(os.listdir, _expand(path)))

    async def entries(self, path: str) -> list[FileEntry]:
        """Return what is in a folder, sorted by name; links are not followed."""
        return await asyncio.to_thread(_entries, _expand(path))


def _entries(path: Path) -> list[FileEntry]:
    found = []
    with os.scandir(path) as items:
        for item in items:
            with contextlib.suppress(FileNotFoundError):  # gone between the two looks
                told = item.stat(follow_symlinks=False)
                is_folder = item.is_dir(follow_symlinks=False)
                found.append(FileEntry(item.name, told.st_size, told.st_mtime, is_folder))
    return sorted(found, key=lambda entry: entry.name)


def _expand(path: str) -> Path:
    return Path(path).expanduser()


def _read(path: Path, offset: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(size)


def _write(path: Path, data: bytes, mode: int) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)
        raise
