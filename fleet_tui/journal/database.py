"""Opens the SQLite file of the run store so that several programs can share it."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fleet_tui.journal.disk import BINARY
from fleet_tui.journal.faults import journal_error
from fleet_tui.journal.filelock import FileLock
from fleet_tui.journal.looking import open_to_look
from fleet_tui.journal.schema import is_newest, migrate
from fleet_tui.model.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUSY_SECONDS = 10.0
CHECKPOINT_PAGES = 4000
"""Pages (4 KiB) that the write-ahead file of SQLite may hold before it is folded in."""


def open_database(path: Path) -> tuple[sqlite3.Connection, Path | None]:
    """Open or create the store at `path` (0600, its folder 0700).

    A file that is not a database, or a broken one, is moved aside, never overwritten; where to is
    the second value. Raises JournalError.
    """
    lock = FileLock(path.with_name(path.name + ".lock"))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with lock.held():
            try:
                return _open(path), None
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                aside = _move_aside(path)
                return _open(path), aside
    except OSError as error:
        raise journal_error(error, path, "open the run store") from error
    except sqlite3.Error as error:
        raise store_error(error, path, "open the run store") from error
    finally:
        lock.close()


def look_at_database(path: Path) -> sqlite3.Connection:
    """Open the store at `path`, or an empty one, and write nothing; raises JournalError."""
    try:
        return open_to_look(path, is_newest, lambda copy: migrate(copy, path))
    except OSError as error:
        raise journal_error(error, path, "open the run store") from error
    except sqlite3.Error as error:
        raise store_error(error, path, "open the run store") from error


def store_error(error: sqlite3.Error, path: Path, doing: str) -> JournalError:
    """Return the JournalError for what SQLite said."""
    code = getattr(error, "sqlite_errorname", "") or ""
    if "FULL" in code:
        mend = f"free space on the disk of {path.parent}"
    elif "BUSY" in code or "LOCKED" in code:
        mend = "another program holds it: look for a stopped fleet-tui and let it go on or end it"
    elif "CORRUPT" in code or "NOTADB" in code:
        mend = f"end all fleet-tui programs and move {path} aside; the audit log is not affected"
    elif "READONLY" in code or "CANTOPEN" in code or "PERM" in code:
        mend = f"see that {path} can be written by you, and its disk has space"
    else:
        mend = f"see that {path} is a file you can write"
    return JournalError(f"cannot {doing}: {error}", where=str(path), mend=mend)


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Do all of the block's changes, or none."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _open(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | BINARY, 0o600))
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        migrate(connection, path)
        connection.execute("SELECT count(*) FROM runs, dispatches WHERE 0")
    except BaseException:
        connection.close()
        raise
    return connection


def _move_aside(path: Path) -> Path:
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime())
    aside = path.with_name(f"{path.name}.broken-{stamp}")
    for ending in ("", "-wal", "-shm"):
        part = path.with_name(path.name + ending)
        if part.exists():
            part.rename(aside.with_name(aside.name + ending))
    return aside
