"""The tables of the outbox, and what an older file lacks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.journal.database import transaction

if TYPE_CHECKING:
    import sqlite3

_SCHEMA = """
CREATE TABLE IF NOT EXISTS notices (
    id TEXT PRIMARY KEY, first_at REAL NOT NULL, at REAL NOT NULL, severity TEXT NOT NULL,
    event TEXT NOT NULL, source TEXT NOT NULL, text TEXT NOT NULL, run TEXT,
    count INTEGER NOT NULL, origin TEXT NOT NULL, hops INTEGER NOT NULL,
    acked_at REAL, acked_by TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS notices_same ON notices (event, source, at);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY, notice TEXT NOT NULL REFERENCES notices ON DELETE CASCADE,
    route TEXT NOT NULL, state TEXT NOT NULL, due REAL NOT NULL, attempts INTEGER NOT NULL,
    since REAL NOT NULL, told INTEGER NOT NULL, answer TEXT NOT NULL, receipt TEXT NOT NULL,
    is_digest INTEGER NOT NULL, owner TEXT NOT NULL DEFAULT '', UNIQUE (notice, route)
) STRICT;
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (route, state, due);
CREATE TABLE IF NOT EXISTS gates (
    id TEXT PRIMARY KEY, notice TEXT NOT NULL, run TEXT NOT NULL, question TEXT NOT NULL,
    digest TEXT NOT NULL, nonce TEXT NOT NULL, expires_at REAL NOT NULL, used_at REAL,
    UNIQUE (notice, digest)
) STRICT;
CREATE TABLE IF NOT EXISTS mutes (
    event TEXT NOT NULL, source TEXT NOT NULL, until REAL NOT NULL, PRIMARY KEY (event, source)
) STRICT;
CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
PRAGMA user_version = 2;
"""


def make_tables(db: sqlite3.Connection) -> None:
    """Make what is missing; raises sqlite3.Error."""
    with transaction(db):  # two programs may do this at once
        columns = {str(row[1]) for row in db.execute("PRAGMA table_info(deliveries)")}
        if columns and "owner" not in columns:
            db.execute("ALTER TABLE deliveries ADD COLUMN owner TEXT NOT NULL DEFAULT ''")
    db.executescript(_SCHEMA)
