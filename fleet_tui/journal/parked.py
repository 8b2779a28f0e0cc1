"""Runs that wait for the end of a limit: they outlive the program that parked them."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from fleet_tui.model.parking_view import ParkedRun

if TYPE_CHECKING:
    from fleet_tui.journal.store import RunStore
    from fleet_tui.model.run import Outcome, Run

LIMITS: frozenset[Outcome] = frozenset({"rate-limited", "overloaded"})
"""Outcomes that pass by themselves."""

_COLUMNS = "run, host, due_at, attempt, since, why"


class ParkedRows:
    """The table `parked` of a run store. Every method raises JournalError when SQLite refuses."""

    def __init__(self, store: RunStore) -> None:
        self._store = store

    def add(self, parked: ParkedRun, owner: str) -> None:
        """Park a run on behalf of a program."""
        values = (parked.run, parked.host, parked.due_at, parked.attempt, parked.since, parked.why)
        with self._store.changing("park a run") as connection:
            connection.execute(
                f"INSERT OR REPLACE INTO parked ({_COLUMNS}, owner) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*values, owner),
            )

    def remove(self, run: str) -> bool:
        """Take a run out; False when another program has done so already."""
        with self._store.changing("take a parked run out") as connection:
            return connection.execute("DELETE FROM parked WHERE run = ?", (run,)).rowcount == 1

    def is_owned(self, run: str, owner: str) -> bool:
        """Return whether a run is parked still, by this program."""
        values = (run, owner)
        return bool(self._store.rows("SELECT 1 FROM parked WHERE run = ? AND owner = ?", values))

    def take(self, run: str, owner: str, former: str) -> bool:
        """Take a run over from a program that is gone; False when another one was faster."""
        with self._store.changing("take a parked run over") as connection:
            cursor = connection.execute(
                "UPDATE parked SET owner = ? WHERE run = ? AND owner = ?", (owner, run, former)
            )
            return cursor.rowcount == 1

    def all(self) -> list[tuple[ParkedRun, str]]:
        """Return what is parked with the owners, soonest first."""
        rows = self._store.rows(f"SELECT {_COLUMNS}, owner FROM parked ORDER BY due_at")
        return [(ParkedRun(*row[:-1]), str(row[-1])) for row in rows]

    def streak(self, session: str) -> list[Run]:
        """Return the runs of a session that a limit ended since another end, newest first."""
        runs = reversed(self._store.runs_of_session(session))
        return list(takewhile(lambda run: run.outcome in LIMITS, runs))

    def is_newest(self, run: Run) -> bool:
        """Return whether nothing went on with the session of `run` after it."""
        runs = self._store.runs_of_session(run.session or "")
        return bool(runs) and runs[-1].id == run.id
