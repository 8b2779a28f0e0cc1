"""Who follows a run: each program holds a lock for as long as it lives.

`<data_dir>/owners/<id>.lock` is locked by its owner and holds its pid and start time for people.
A lock that nobody holds belongs to a program that is gone, however it went.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from typing import TYPE_CHECKING

from fleet_tui.journal.disk import BINARY
from fleet_tui.journal.faults import journal_error
from fleet_tui.journal.filelock import try_lock
from fleet_tui.model.ids import ulid

if TYPE_CHECKING:
    from pathlib import Path


class OwnerLock:
    """This program's sign of life; `id` stands in the store beside its runs."""

    def __init__(self, identifier: str, path: Path, fd: int | None) -> None:
        self.id = identifier
        self._path = path
        self._fd = fd

    @classmethod
    def acquire(cls, data_dir: Path) -> OwnerLock:
        """Take a new lock and remove those of programs that are gone; raises JournalError."""
        made = cls.unheld(data_dir)
        try:
            made._hold()
        except OSError as error:
            with contextlib.suppress(OSError):
                made.release()
            raise journal_error(error, made._path, "sign in as a running program") from error
        remove_stale_owners(data_dir)
        return made

    @classmethod
    def unheld(cls, data_dir: Path) -> OwnerLock:
        """Return a new id that no lock stands for: for a program that follows no run."""
        identifier = f"o-{ulid(int(time.time() * 1000), secrets.randbits(80))}"
        return cls(identifier, data_dir / "owners" / f"{identifier}.lock", None)

    def _hold(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        while True:
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | BINARY, 0o600)
            if try_lock(self._fd) and self._path.exists():
                break
            os.close(self._fd)  # somebody took it for a dead one's: make it again
            self._fd = None
        about = {"pid": os.getpid(), "started": time.time()}
        os.write(self._fd, json.dumps(about).encode() + b"\n")

    def release(self) -> None:
        """Give the lock back and remove its file."""
        if self._fd is not None:
            self._path.unlink(missing_ok=True)
            os.close(self._fd)
            self._fd = None


def is_alive(data_dir: Path, owner: str) -> bool:
    """Return whether the program with that owner id still runs on this machine."""
    path = data_dir / "owners" / f"{owner}.lock"
    try:
        fd = os.open(path, os.O_RDWR | BINARY)
    except OSError:
        return False
    try:
        return not try_lock(fd, shared=True)
    finally:
        os.close(fd)


def remove_stale_owners(data_dir: Path) -> int:
    """Remove the locks of programs that are gone; returns how many there were."""
    removed = 0
    for path in (data_dir / "owners").glob("*.lock"):
        with contextlib.suppress(OSError):
            fd = os.open(path, os.O_RDWR | BINARY)
            try:
                if try_lock(fd):
                    path.unlink()
                    removed += 1
            finally:
                os.close(fd)
    return removed
