"""Opens a SQLite file only to look: of a state folder that cannot be written."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BUSY_SECONDS = 10.0
_WAYS = ("mode=ro", "mode=ro&readonly_shm=1", "immutable=1")
"""How a file in WAL mode is opened, the best way first (sqlite.org/wal.html, read-only databases).

The first wants an index (`-shm`) that it can write, the second makes do with one that it cannot
write; without any, the third reads what was folded into the file itself.
"""


def open_to_look(
    path: Path, is_current: Callable[[sqlite3.Connection], bool], make: Callable[..., object]
) -> sqlite3.Connection:
    """Return a connection that shows what stands at `path` and refuses every change.

    A file that `is_current` says no to, or that is not there, is shown as a copy in memory that
    `make` was called with; it brings the tables up to date. Raises sqlite3.Error.
    """
    found = _open(path) if path.exists() else None
    if found is None or not is_current(found):
        if found is not None:
            found.close()
        found = copy_in_memory(path, make)
    found.execute("PRAGMA query_only = ON")
    return found


def copy_in_memory(path: Path, make: Callable[..., object]) -> sqlite3.Connection:
    """Return a copy of what stands at `path`, if anything, on which `make` was called.

    What is changed in it is lost with it. Raises sqlite3.Error.
    """
    copy = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    if path.exists():
        with contextlib.closing(_open(path)) as found:
            found.backup(copy)
    make(copy)
    return copy


def _open(path: Path) -> sqlite3.Connection:
    address = path.absolute().as_uri()
    for way in _WAYS:
        connection = sqlite3.connect(
            f"{address}?{way}",
            uri=True,
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute("SELECT count(*) FROM sqlite_schema")
        except sqlite3.OperationalError:
            connection.close()
            if way == _WAYS[-1]:
                raise
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise AssertionError("there is always a last way")
