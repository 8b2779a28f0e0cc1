"""Opens the SQLite file that all programs of one fleet share for peers and messages."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from fleet_tui.journal.looking import copy_in_memory
from fleet_tui.model.errors import JournalError
from fleet_tui.peers.schema import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

BUSY_SECONDS = 10.0


class Database:
    """One connection, safe from several threads; every refusal of SQLite is a JournalError."""

    def __init__(self, path: Path, *, only_looks: bool = False) -> None:
        """Open it, or make it; with `only_looks` a copy in memory, which loses all changes."""
        self.path = path
        self._lock = threading.RLock()
        with self._told("open the peer store"):
            if only_looks:
                self._connection = copy_in_memory(path, lambda copy: migrate(copy, path))
                self._connection.row_factory = sqlite3.Row
                return
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection.row_factory = sqlite3.Row
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            migrate(self._connection, path)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def rows(self, query: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        """Return all rows of a query."""
        with self._lock, self._told("read the peer store"):
            return self._connection.execute(query, values).fetchall()

    def row(self, query: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        """Return the first row of a query, None without any."""
        found = self.rows(query, values)
        return found[0] if found else None

    def change(self, query: str, values: Sequence[Any] = ()) -> int:
        """Carry out one statement; returns how many rows it changed."""
        with self._lock, self._told("write the peer store"):
            return self._connection.execute(query, values).rowcount

    def others_version(self) -> int:
        """Return a number that is another one after another program has written to the file."""
        found = self.row("PRAGMA data_version")
        return int(found[0]) if found else 0

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Do all of the block's changes, or none; a transaction within one is a part of it."""
        with self._lock, self._told("write the peer store"):
            is_inner = self._connection.in_transaction
            if is_inner:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _told(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise JournalError(
                f"cannot {doing}: {error}",
                where=str(self.path),
                mend="see that it is a file you can write, and that its disk is not full",
            ) from error
