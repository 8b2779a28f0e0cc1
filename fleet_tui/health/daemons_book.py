"""What this machine must not forget of daemons and schedules: starts made, pauses, confirmations.

One SQLite file in the state folder, shared by the programs of this machine and synced on each
change. A start is written down, with the id of its dispatch, before anything is dispatched; only
one of a duty can be open, so that none is ever made twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fleet_tui.health.daemons_times import Past
from fleet_tui.journal.small_book import SmallBook

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.health.daemons_settings import Duty
    from fleet_tui.model.daemons_view import StartOutcome

FILE_NAME = "daemons.db"
KEPT_STARTS = 200
"""Ended starts of each duty that are remembered."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS duties (
    name TEXT PRIMARY KEY, rhythm TEXT NOT NULL, since REAL NOT NULL, last_due REAL,
    is_paused INTEGER NOT NULL DEFAULT 0, changed_at REAL, confirmed TEXT NOT NULL DEFAULT '',
    asked TEXT NOT NULL DEFAULT '', failures INTEGER NOT NULL DEFAULT 0,
    told TEXT NOT NULL DEFAULT '', rest_until REAL, wanted_at REAL,
    skipped INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS starts (
    dispatch TEXT PRIMARY KEY, name TEXT NOT NULL, due REAL NOT NULL, begun_at REAL NOT NULL,
    owner TEXT NOT NULL, is_by_hand INTEGER NOT NULL, ended_at REAL,
    outcome TEXT NOT NULL DEFAULT '', said TEXT NOT NULL DEFAULT '',
    succeeded INTEGER NOT NULL DEFAULT 0, runs INTEGER NOT NULL DEFAULT 0,
    cost_usd REAL, cost_is_complete INTEGER NOT NULL DEFAULT 1);
CREATE UNIQUE INDEX IF NOT EXISTS one_open_start ON starts (name) WHERE ended_at IS NULL;
CREATE INDEX IF NOT EXISTS starts_of ON starts (name, begun_at);
"""
_DUTY = (
    "since, last_due, is_paused, changed_at, confirmed, asked, failures, told, rest_until,"
    " wanted_at, skipped"
)
_START = (
    "dispatch, name, due, begun_at, owner, is_by_hand, ended_at, outcome, said, succeeded, runs,"
    " cost_usd, cost_is_complete"
)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is remembered of a duty. Times are Unix seconds."""

    past: Past
    is_paused: bool = False
    changed_at: float | None = None
    """When it was paused, or let go on."""
    confirmed: str = ""
    """Digest of the duty that a person has confirmed."""
    asked: str = ""
    """Digest of the duty that a notice has asked a person to confirm."""
    failures: int = 0
    told: str = ""
    """Key of the notice of this row of failures; empty before it went out."""
    rest_until: float | None = None
    """When the limit is over that ended its last start."""
    wanted_at: float | None = None
    """When somebody asked for a start by hand that nobody has made yet."""
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Start:
    """One start, and how it ended."""

    dispatch: str
    name: str
    due: float
    begun_at: float
    owner: str
    """The program that made it, as `journal.owner` knows it."""
    is_by_hand: bool = False
    ended_at: float | None = None
    outcome: StartOutcome = ""
    said: str = ""
    succeeded: int = 0
    runs: int = 0
    cost_usd: float | None = None
    cost_is_complete: bool = True


class Book(SmallBook):
    """Safe between programs and threads; each method is one transaction. Raises JournalError."""

    def __init__(self, data_dir: Path, *, only_looks: bool = False) -> None:
        path = data_dir / FILE_NAME
        super().__init__(path, _SCHEMA, "open the book of daemons", only_looks=only_looks)

    # --- looking ------------------------------------------------------------------------------

    def kept(self, duty: Duty, now: float) -> Kept:
        """Return what is remembered of a duty; a schedule with another rhythm begins anew."""
        rhythm = str(duty.rhythm)
        found = self._row("SELECT rhythm FROM duties WHERE name = ?", duty.name)
        if found is None or found[0] != rhythm:
            keeps = "last_due" if duty.kind == "daemon" else "NULL"
            with self._changing("note a daemon") as db:
                db.execute(
                    "INSERT INTO duties (name, rhythm, since) VALUES (?, ?, ?) ON CONFLICT (name)"
                    f" DO UPDATE SET rhythm = excluded.rhythm, since = excluded.since,"
                    f" last_due = {keeps}, skipped = 0",
                    (duty.name, rhythm, now),
                )
        row = self._row(f"SELECT {_DUTY} FROM duties WHERE name = ?", duty.name)
        assert row is not None
        since, last_due, is_paused, *more = row
        return Kept(Past(since, last_due), bool(is_paused), *more)

    def open_start(self, name: str) -> Start | None:
        """Return the start of a duty that has not ended."""
        return next(iter(self._starts("name = ? AND ended_at IS NULL", name)), None)

    def start(self, dispatch: str) -> Start | None:
        """Return a start by the id of its dispatch."""
        return next(iter(self._starts("dispatch = ?", dispatch)), None)

    def recent(self, name: str, limit: int) -> list[Start]:
        """Return the last starts of a duty, newest first."""
        return self._starts(f"name = ? ORDER BY begun_at DESC LIMIT {int(limit)}", name)

    # --- starts -------------------------------------------------------------------------------

    def begin(self, start: Start, last_due: float | None) -> bool:
        """Write a start down before it is made; False when one is open already."""
        with self._changing("note a start") as db:
            if db.execute(
                "SELECT 1 FROM starts WHERE name = ? AND ended_at IS NULL", (start.name,)
            ).fetchone():
                return False
            db.execute(
                "INSERT INTO starts (dispatch, name, due, begun_at, owner, is_by_hand)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (
                    start.dispatch,
                    start.name,
                    start.due,
                    start.begun_at,
                    start.owner,
                    start.is_by_hand,
                ),
            )
            db.execute(
                "UPDATE duties SET skipped = 0, wanted_at = NULL, rest_until = NULL,"
                " last_due = coalesce(?, last_due) WHERE name = ?",
                (last_due, start.name),
            )
            return True

    def end(self, ended: Start, *, failures: int, told: str, rest_until: float | None) -> bool:
        """Write down how a start ended; False when that stands there already."""
        with self._changing("note the end of a start") as db:
            changed = db.execute(
                "UPDATE starts SET ended_at = ?, outcome = ?, said = ?, succeeded = ?, runs = ?,"
                " cost_usd = ?, cost_is_complete = ? WHERE dispatch = ? AND ended_at IS NULL",
                (
                    ended.ended_at,
                    ended.outcome,
                    ended.said,
                    ended.succeeded,
                    ended.runs,
                    ended.cost_usd,
                    ended.cost_is_complete,
                    ended.dispatch,
                ),
            )
            if changed.rowcount != 1:
                return False
            db.execute(
                "UPDATE duties SET failures = ?, told = ?, rest_until = ? WHERE name = ?",
                (failures, told, rest_until, ended.name),
            )
            db.execute(
                "DELETE FROM starts WHERE name = ? AND ended_at IS NOT NULL AND dispatch NOT IN"
                " (SELECT dispatch FROM starts WHERE name = ? ORDER BY begun_at DESC LIMIT ?)",
                (ended.name, ended.name, KEPT_STARTS),
            )
            return True

    # --- duties -------------------------------------------------------------------------------

    def move(self, name: str, past: Past, *, skipped: int = 0) -> None:
        """Note that starts up to `past.last_due` were left out, `skipped` of them for overlap."""
        self._set(
            name,
            "since = ?, last_due = ?, skipped = skipped + ?",
            past.since,
            past.last_due,
            skipped,
        )

    def pause(self, name: str, is_paused: bool, now: float) -> None:
        """Let a duty start nothing by itself, or go on."""
        self._set(name, "is_paused = ?, changed_at = ?", is_paused, now)

    def confirm(self, name: str, digest: str) -> None:
        """Keep what a person has confirmed."""
        self._set(name, "confirmed = ?", digest)

    def note_asked(self, name: str, digest: str) -> None:
        """Keep that a person was asked to confirm it."""
        self._set(name, "asked = ?", digest)

    def want(self, name: str, at: float | None) -> None:
        """Ask whoever runs the duty for a start; None takes that back."""
        self._set(name, "wanted_at = ?", at)

    def _set(self, name: str, what: str, *values: object) -> None:
        with self._changing("note a change of a daemon") as db:
            db.execute(f"UPDATE duties SET {what} WHERE name = ?", (*values, name))

    # --- inside -------------------------------------------------------------------------------

    def _row(self, sql: str, name: str) -> tuple[Any, ...] | None:
        with self._faults("read the book of daemons"):
            found: tuple[Any, ...] | None = self._db.execute(sql, (name,)).fetchone()
            return found

    def _starts(self, where: str, value: str) -> list[Start]:
        with self._faults("read the book of daemons"):
            found = self._db.execute(f"SELECT {_START} FROM starts WHERE {where}", (value,))
            return [_start(row) for row in found]


def _start(row: tuple[Any, ...]) -> Start:
    start = Start(*row)
    return replace(
        start, is_by_hand=bool(start.is_by_hand), cost_is_complete=bool(start.cost_is_complete)
    )
