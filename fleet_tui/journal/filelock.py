"""Locks between processes: `flock` where there is one, else `msvcrt.locking`.

Both belong to the open file, so two openers in one process exclude each other too, and both go
away when their process dies. Windows has no shared locks: there a shared one is exclusive.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from typing import TYPE_CHECKING

from fleet_tui.model.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def try_lock(fd: int, *, shared: bool = False) -> bool:
        """Lock `fd` if nobody else holds it; never waits."""
        os.lseek(fd, _WINDOWS_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def unlock(fd: int) -> None:
        """Give the lock back."""
        os.lseek(fd, _WINDOWS_BYTE, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def try_lock(fd: int, *, shared: bool = False) -> bool:
        """Lock `fd` if nobody else holds it; never waits."""
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        try:
            fcntl.flock(fd, kind | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def unlock(fd: int) -> None:
        """Give the lock back."""
        fcntl.flock(fd, fcntl.LOCK_UN)


_WINDOWS_BYTE = 1 << 30  # locks are mandatory there: the byte must lie beyond what is read
_FIRST_PAUSE = 0.0005
_LONGEST_PAUSE = 0.02


class FileLock:
    """An exclusive lock held in turns, on a file of its own that is kept open between them."""

    def __init__(self, path: Path, *, timeout: float = 20.0) -> None:
        self._path = path
        self._timeout = timeout
        self._fd: int | None = None

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock inside the block; JournalError when another keeps it for too long."""
        fd = self._acquire()
        try:
            yield
        finally:
            unlock(fd)

    def close(self) -> None:
        """Close the file."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _acquire(self) -> int:
        deadline = time.monotonic() + self._timeout
        pause = _FIRST_PAUSE
        while True:
            fd = self._open()
            if try_lock(fd):
                if _is_at(fd, self._path):
                    return fd
                unlock(fd)
                self.close()
                continue
            if time.monotonic() > deadline:
                raise JournalError(
                    f"another program has held the lock for {self._timeout:.0f} s",
                    where=str(self._path),
                    mend="look for a stopped fleet-tui (`jobs`, `ps`) and let it go on or end it",
                )
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def _open(self) -> int:
        if self._fd is None:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        return self._fd


def _is_at(fd: int, path: Path) -> bool:
    """Return whether `fd` is still the file that stands at `path`."""
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False
