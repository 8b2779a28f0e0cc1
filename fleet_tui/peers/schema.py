"""The tables of the peer store, and how one of an older program becomes one of this."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.errors import JournalError

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

VERSION = 3

PEER_COLUMNS = (
    "name",
    "generation",
    "host",
    "kind",
    "cwd",
    "repo",
    "root",
    "branch",
    "summary",
    "state",
    "source",
    "seen_at",
    "session",
    "run",
    "pid",
    "socket",
    "client",
    "waits_for",
    "doing",
)
MESSAGE_COLUMNS = (
    "id",
    "sender",
    "recipient",
    "text",
    "thread",
    "created_at",
    "urgency",
    "reply_to",
    "hops",
    "rung",
    "route",
    "detail",
    "attempts",
    "next_at",
    "handed_at",
    "handed_generation",
    "base_offset",
    "seen_at",
    "replied_by",
    "batch",
    "is_read",
)

_TABLES = (
    """
    CREATE TABLE peers (
      name TEXT PRIMARY KEY, generation INTEGER NOT NULL, host TEXT NOT NULL, kind TEXT NOT NULL,
      cwd TEXT NOT NULL, repo TEXT NOT NULL, root TEXT NOT NULL, branch TEXT NOT NULL,
      summary TEXT NOT NULL, state TEXT NOT NULL, source TEXT NOT NULL, seen_at REAL NOT NULL,
      session TEXT NOT NULL, run TEXT NOT NULL, pid INTEGER NOT NULL, socket TEXT NOT NULL,
      client TEXT NOT NULL, waits_for TEXT NOT NULL, doing TEXT NOT NULL,
      identity TEXT NOT NULL UNIQUE, incarnation TEXT NOT NULL, token TEXT NOT NULL DEFAULT ''
    ) STRICT
    """,
    """
    CREATE TABLE messages (
      sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, sender TEXT NOT NULL,
      recipient TEXT NOT NULL, text TEXT NOT NULL, thread TEXT NOT NULL, created_at REAL NOT NULL,
      urgency TEXT NOT NULL, reply_to TEXT NOT NULL, hops INTEGER NOT NULL, rung TEXT NOT NULL,
      route TEXT, detail TEXT NOT NULL, attempts INTEGER NOT NULL, next_at REAL NOT NULL,
      handed_at REAL, handed_generation INTEGER NOT NULL, base_offset INTEGER NOT NULL,
      seen_at REAL, replied_by TEXT NOT NULL, batch TEXT NOT NULL, is_read INTEGER NOT NULL,
      lease_owner TEXT NOT NULL DEFAULT '', lease_until REAL NOT NULL DEFAULT 0
    ) STRICT
    """,
    "CREATE INDEX messages_due ON messages (rung, next_at)",
    "CREATE INDEX messages_to ON messages (recipient, rung)",
    "CREATE INDEX messages_from ON messages (sender, created_at)",
    "CREATE INDEX messages_batch ON messages (batch)",
    """
    CREATE TABLE reservations (
      id TEXT PRIMARY KEY, holder TEXT NOT NULL, path TEXT NOT NULL, reason TEXT NOT NULL,
      made_at REAL NOT NULL, expires_at REAL NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE conferences (
      id TEXT PRIMARY KEY, scope TEXT NOT NULL, questions TEXT NOT NULL, asked_at REAL NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE waits (
      id TEXT PRIMARY KEY, peer TEXT NOT NULL, target TEXT NOT NULL, prompt TEXT NOT NULL,
      made_at REAL NOT NULL, fired_at REAL, dispatch TEXT NOT NULL DEFAULT ''
    ) STRICT
    """,
)

_PAIR_INDEXES = (
    "CREATE INDEX messages_pair ON messages (sender, recipient, created_at)",
    "CREATE INDEX messages_newest ON messages (sender, recipient, sequence)",
    "CREATE INDEX peers_kind ON peers (kind, name)",
)
"""Since version 2, which counts what a pair said at each message."""

_RECEIPTS = """
    CREATE TABLE receipts (
      id TEXT PRIMARY KEY, fleet TEXT NOT NULL, told TEXT NOT NULL DEFAULT 'queued'
    ) STRICT
    """
"""Since version 3: messages of other fleets, and which rung their fleet was told last."""


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables in a new file; raises JournalError for one of a newer program."""
    (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found > VERSION:
        raise JournalError(
            f"the peer store is of a newer fleet-tui (version {found}, this one knows {VERSION})",
            where=str(path),
            mend="use the newer program, or another data_dir",
        )
    if found == VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    (again,) = connection.execute("PRAGMA user_version").fetchone()
    if again == 0:
        for table in _TABLES:
            connection.execute(table)
    if again < 2:
        for index in _PAIR_INDEXES:
            connection.execute(index)
    if again < VERSION:
        connection.execute(_RECEIPTS)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")
