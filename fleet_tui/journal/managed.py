"""Sessions in the cloud as the run store keeps them, and what they have cost on which day."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

from fleet_tui.model.costs_view import CostCell
from fleet_tui.model.managed_view import ACTIVE, AGENT, CLOUD, OVER, ManagedSession

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from fleet_tui.journal.store import RunStore
    from fleet_tui.model.managed_view import ManagedState

_COLUMNS = tuple(field.name for field in fields(ManagedSession))
_NAMES = ", ".join(f'"{name}"' for name in _COLUMNS)


def _words(states: frozenset[str]) -> str:
    return ", ".join(f"'{state}'" for state in sorted(states))


_SUMS = f"""SELECT
    (SELECT coalesce(sum(c.usd), 0.0) FROM managed_costs c WHERE c.day >= ?1),
    (SELECT count(*) FROM managed WHERE state IN ({_words(ACTIVE)}) AND id != ?2),
    (SELECT coalesce(sum(max(budget_usd - coalesce(cost_usd, 0.0), 0.0)), 0.0) FROM managed
        WHERE state IN ({_words(ACTIVE)}) AND id != ?2),
    (SELECT count(*) FROM managed WHERE cost_usd IS NULL AND session != ''
        AND state NOT IN ({_words(ACTIVE)}) AND date(state_at, 'unixepoch', 'localtime') >= ?1)"""
_CELLS = f"""SELECT c.day, '{CLOUD}', '{AGENT}', m.model, sum(c.usd), count(*), 0, ''
    FROM managed_costs c JOIN managed m USING (id) WHERE c.day >= ?1 GROUP BY c.day, m.model
UNION ALL
SELECT date(created_at, 'unixepoch', 'localtime') AS day, '{CLOUD}', '{AGENT}', model, 0.0,
    count(*), count(*), '' FROM managed
    WHERE cost_usd IS NULL AND session != '' AND state NOT IN ({_words(ACTIVE)})
    AND day >= ?1 GROUP BY day, model"""


@dataclass(frozen=True, slots=True)
class ManagedSums:
    """What other sessions than the one asked about come to, in US dollars."""

    spent_usd: float
    """Of all, the one asked about too, from the day on."""
    active: int
    reserved_usd: float
    """What the active ones may still cost."""
    unknown: int
    """Sessions that came to rest since without naming a cost."""


class ManagedRows:
    """The tables `managed` and `managed_costs`; every method raises JournalError if it must."""

    def __init__(self, store: RunStore) -> None:
        self._store = store

    def all(self, limit: int = 200) -> list[ManagedSession]:
        """Return the newest sessions, newest first."""
        sql = f"SELECT {_NAMES} FROM managed ORDER BY created_at DESC, id DESC LIMIT ?"
        return [ManagedSession(*row) for row in self._store.rows(sql, (limit,))]

    def get(self, identifier: str) -> ManagedSession | None:
        """Return a session by our id."""
        rows = self._store.rows(f"SELECT {_NAMES} FROM managed WHERE id = ?", (identifier,))
        return ManagedSession(*rows[0]) if rows else None

    def named(self, word: str) -> list[ManagedSession]:
        """Return the sessions that end on `word` in our id, or are called so by the service."""
        sql = f"SELECT {_NAMES} FROM managed WHERE session = ? OR substr(id, ?) = ? COLLATE NOCASE"
        tail = word.rpartition("-")[2]
        return [ManagedSession(*row) for row in self._store.rows(sql, (word, -len(tail), tail))]

    def begin(
        self, session: ManagedSession, day: str, judge: Callable[[ManagedSums], None]
    ) -> None:
        """Write a session that is about to become active, unless `judge` raises.

        What `judge` is told holds for all programs until the session stands in the table.
        """
        marks = ", ".join("?" * len(_COLUMNS))
        with self._store.changing("begin a managed session") as connection:
            judge(_sums(connection.execute(_SUMS, (day, session.id)).fetchone()))
            connection.execute(
                f"INSERT OR REPLACE INTO managed ({_NAMES}) VALUES ({marks})", astuple(session)
            )

    def update(self, identifier: str, **changes: object) -> None:
        """Change some columns; what is over stays over, and nothing is heard earlier."""
        sets = ", ".join(
            f'"{name}" = max("{name}", ?)' if name == "heard_at" else f'"{name}" = ?'
            for name in changes
        )
        revives = changes.get("state", "ended") not in OVER
        guard = f" AND state NOT IN ({_words(OVER)})" if revives else ""
        with self._store.changing("keep what a managed session does") as connection:
            connection.execute(
                f"UPDATE managed SET {sets} WHERE id = ?{guard}", (*changes.values(), identifier)
            )

    def advance(self, identifier: str, former: ManagedState, state: ManagedState) -> None:
        """Change a state that nobody else has changed since."""
        with self._store.changing("keep what a managed session does") as connection:
            connection.execute(
                "UPDATE managed SET state = ? WHERE id = ? AND state = ?",
                (state, identifier, former),
            )

    def forget(self, identifier: str) -> None:
        """Remove a session that was never asked for."""
        with self._store.changing("forget a managed session") as connection:
            connection.execute("DELETE FROM managed WHERE id = ?", (identifier,))

    def spent(self, identifier: str, usd: float, day: str) -> None:
        """Keep what a session has cost in all; what is more than on earlier days is of `day`."""
        with self._store.changing("keep what a managed session costs") as connection:
            _spend(connection, identifier, usd, day)

    def sums(self, day: str) -> ManagedSums:
        """Return what all sessions come to since the beginning of a day."""
        return _sums(self._store.rows(_SUMS, (day, ""))[0])

    def cells(self, day: str) -> list[CostCell]:
        """Return what sessions cost since a day, for the report."""
        return [CostCell(*row) for row in self._store.rows(_CELLS, (day,))]


def _spend(connection: sqlite3.Connection, identifier: str, usd: float, day: str) -> None:
    (before,) = connection.execute(
        "SELECT coalesce(sum(usd), 0.0) FROM managed_costs WHERE id = ? AND day != ?",
        (identifier, day),
    ).fetchone()
    connection.execute(
        "INSERT OR REPLACE INTO managed_costs (id, day, usd) VALUES (?, ?, ?)",
        (identifier, day, max(usd - float(before), 0.0)),
    )
    connection.execute("UPDATE managed SET cost_usd = ? WHERE id = ?", (usd, identifier))


def _sums(row: tuple[float, int, float, int]) -> ManagedSums:
    spent, active, reserved, unknown = row
    return ManagedSums(float(spent), int(active), float(reserved), int(unknown))
