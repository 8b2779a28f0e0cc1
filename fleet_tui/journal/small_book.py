"""A small SQLite file of this machine that must not forget: the base of ledgers and books."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fleet_tui.journal.looking import copy_in_memory
from fleet_tui.model.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUSY_SECONDS = 10.0


class SmallBook:
    """Shared by the programs of this machine and synced on each change. Raises JournalError.

    Safe between threads too: one at a time, as a connection holds one transaction.
    """

    def __init__(self, path: Path, schema: str, doing: str, *, only_looks: bool = False) -> None:
        """Open `path`, or make it; `doing` is what an error says could not be done.

        With `only_looks` it is a copy in memory, with which all changes are lost.
        """
        self._path = path
        self._lock = threading.Lock()
        with self._faults(doing):
            if only_looks:
                self._db = copy_in_memory(path, lambda copy: copy.executescript(schema))
                return
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(schema)

    def close(self) -> None:
        """Let the file go."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _changing(self, doing: str) -> Iterator[sqlite3.Connection]:
        """Hold one transaction, which an exception undoes."""
        with self._faults(doing):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    @contextmanager
    def _faults(self, doing: str) -> Iterator[None]:
        """Hold the lock; what the disk or SQLite says becomes a JournalError."""
        mend = f"see that {self._path.parent} can be written and its disk has space"
        try:
            with self._lock:
                yield
        except OSError as error:
            raise JournalError(
                f"cannot {doing}: {error.strerror}", where=str(self._path), mend=mend
            ) from error
        except sqlite3.Error as error:
            raise JournalError(
                f"cannot {doing}: {error}", where=str(self._path), mend=mend
            ) from error
