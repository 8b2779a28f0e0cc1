"""Takes up the state folder: to keep what is done, or only to look where nothing can be written."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.journal.disk import BINARY, write_all
from fleet_tui.journal.owner import OwnerLock
from fleet_tui.journal.store import RunStore
from fleet_tui.model.errors import JournalError

if TYPE_CHECKING:
    from pathlib import Path

REFUSALS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}
)
"""How a disk takes nothing more; of another fault (a file stands there) looking makes no sense."""
NEEDED = 64 * 1024
"""Bytes that must fit: SQLite's index of its write-ahead file alone is half of it."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """This program's sign of life and the run store."""

    owner: OwnerLock
    store: RunStore
    why_not_kept: str = ""
    """Why nothing can be kept, one sentence; empty when it can. The store only looks then."""


def sign_in(data_dir: Path) -> SignedIn:
    """Open the state folder, made if it is missing.

    Where it refuses every write (full, read-only, another's) it is opened as it stands. Raises
    JournalError for anything else that is wrong with it.
    """
    owner: OwnerLock | None = None
    try:
        with contextlib.suppress(OSError):  # taking the lock in it says what is wrong
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = OwnerLock.acquire(data_dir)
        return SignedIn(owner, RunStore(data_dir))
    except JournalError:
        if owner is not None:
            owner.release()
        why = why_unwritable(data_dir)
        if not why:
            raise
    store = RunStore(data_dir, only_looks=True)
    told = f"the state folder {data_dir} cannot be written ({why})"
    return SignedIn(OwnerLock.unheld(data_dir), store, told)


def why_unwritable(folder: Path) -> str:
    """Try to write a file there, which is removed at once; returns what the system said to it.

    Empty when it can be written, and when the fault is not that nothing more can be.
    """
    path = folder / f".try-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, 0o600)
        try:
            write_all(fd, bytes(NEEDED))
            os.fsync(fd)
        finally:
            os.close(fd)
            path.unlink(missing_ok=True)
    except OSError as error:
        return (error.strerror or str(error)) if error.errno in REFUSALS else ""
    return ""
