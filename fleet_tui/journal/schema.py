"""The tables of the run store, and how an older file becomes a newer one."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from fleet_tui.model.errors import JournalError
from fleet_tui.model.run import Dispatch, Run

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

RUN_COLUMNS = tuple(field.name for field in fields(Run))
DISPATCH_COLUMNS = tuple(field.name for field in fields(Dispatch))

_FIRST = (
    """CREATE TABLE dispatches (
        id TEXT PRIMARY KEY, target TEXT NOT NULL, prompt TEXT NOT NULL, agent TEXT NOT NULL,
        mode TEXT NOT NULL, origin TEXT NOT NULL, "by" TEXT NOT NULL, epoch INTEGER NOT NULL,
        created_at REAL NOT NULL, budget_usd REAL, timeout_seconds REAL, finished_at REAL
    )""",
    "CREATE INDEX dispatches_by_time ON dispatches (created_at)",
    """CREATE TABLE runs (
        id TEXT PRIMARY KEY, dispatch TEXT NOT NULL, host TEXT NOT NULL, agent TEXT NOT NULL,
        mode TEXT NOT NULL, state TEXT NOT NULL, outcome TEXT, exit_status INTEGER,
        exit_signal TEXT, cost_usd REAL, session TEXT, model TEXT, created_at REAL NOT NULL,
        started_at REAL, finished_at REAL, reason TEXT NOT NULL, mend TEXT NOT NULL,
        out_bytes INTEGER NOT NULL, err_bytes INTEGER NOT NULL,
        position INTEGER NOT NULL, owner TEXT NOT NULL, answer TEXT NOT NULL DEFAULT ''
    )""",
    "CREATE INDEX runs_by_dispatch ON runs (dispatch, position)",
    "CREATE INDEX runs_by_time ON runs (created_at)",
    "CREATE INDEX runs_by_host ON runs (host, created_at)",
    "CREATE INDEX runs_by_end ON runs (COALESCE(finished_at, created_at))",
    """CREATE INDEX runs_open ON runs (created_at)
        WHERE state IN ('queued', 'connecting', 'running')""",
)

_MONEY = (
    "ALTER TABLE runs ADD COLUMN budget_usd REAL",
    "ALTER TABLE runs ADD COLUMN thread_tokens TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN priced_as_of TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN resets_at REAL",
    "ALTER TABLE dispatches ADD COLUMN on_limit TEXT NOT NULL DEFAULT 'fail'",
    "ALTER TABLE dispatches ADD COLUMN opens TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE dispatches ADD COLUMN workdir TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX runs_by_session ON runs (session, created_at)",
    """CREATE TABLE parked (
        run TEXT PRIMARY KEY, host TEXT NOT NULL, due_at REAL NOT NULL, attempt INTEGER NOT NULL,
        since REAL NOT NULL, why TEXT NOT NULL, owner TEXT NOT NULL
    )""",
)

_HISTORY = (
    "CREATE INDEX runs_by_state ON runs (state, created_at)",
    "CREATE INDEX runs_by_cost ON runs (cost_usd) WHERE cost_usd > 0",
)

_MANAGED = (
    """CREATE TABLE managed (
        id TEXT PRIMARY KEY, title TEXT NOT NULL, prompt TEXT NOT NULL, agent TEXT NOT NULL,
        environment TEXT NOT NULL, origin TEXT NOT NULL, "by" TEXT NOT NULL,
        epoch INTEGER NOT NULL, budget_usd REAL NOT NULL, created_at REAL NOT NULL,
        state TEXT NOT NULL, state_at REAL NOT NULL, heard_at REAL NOT NULL, why TEXT NOT NULL,
        session TEXT NOT NULL, model TEXT NOT NULL, cost_usd REAL, last_word TEXT NOT NULL,
        owner TEXT NOT NULL
    )""",
    "CREATE INDEX managed_by_time ON managed (created_at)",
    """CREATE TABLE managed_costs (
        id TEXT NOT NULL, day TEXT NOT NULL, usd REAL NOT NULL, PRIMARY KEY (id, day)
    )""",
)

_SERVERS = ("ALTER TABLE dispatches ADD COLUMN mcp TEXT NOT NULL DEFAULT ''",)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST, _MONEY, _HISTORY, _MANAGED, _SERVERS)
"""Statements that lead from schema n to n+1; what has been released is never changed."""


def is_newest(connection: sqlite3.Connection) -> bool:
    """Tell whether the file has the newest schema."""
    return _version(connection) == len(MIGRATIONS)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the file to the newest schema, in one transaction; raises JournalError if it is newer.

    Another program may do the same at the same moment: one does, the other finds it done.
    """
    if _version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        found = _version(connection)
        if found > len(MIGRATIONS):
            raise JournalError(
                f"the run store was made by a newer fleet-tui (schema {found}, "
                f"this program knows {len(MIGRATIONS)})",
                where=str(path),
                mend="update fleet-tui, or set another data_dir in fleet.toml",
            )
        for statements in MIGRATIONS[found:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return int(version)
