"""The run store: which dispatches and runs there were, and how they ended. One SQLite file.

It holds prompts as they were typed (a retry needs them), so it is for its owner only; the audit
log holds them redacted. What runs said is in their spools.
"""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from fleet_tui.journal.database import (
    look_at_database,
    open_database,
    store_error,
    transaction,
)
from fleet_tui.journal.history import ANSWER_SHOWN, containing, where
from fleet_tui.journal.schema import DISPATCH_COLUMNS, RUN_COLUMNS
from fleet_tui.model.history import PastRun
from fleet_tui.model.price import TokenCount
from fleet_tui.model.run import OPEN_STATES, Dispatch, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from fleet_tui.model.run_filter import RunFilter

ANSWER_LIMIT = 1 << 16
"""Characters of a final answer that are kept; the whole is in the spool."""

_RUN = ", ".join(f'"{name}"' for name in RUN_COLUMNS)
_DISPATCH = ", ".join(f'"{name}"' for name in DISPATCH_COLUMNS)
_RUN_MARKS = ", ".join("?" * len(RUN_COLUMNS))
_DISPATCH_MARKS = ", ".join("?" * len(DISPATCH_COLUMNS))
_INSERT_RUN = f"INTO runs ({_RUN}, position, owner) VALUES ({_RUN_MARKS}, ?, ?)"
_CHANGEABLE = tuple(name for name in RUN_COLUMNS if name not in ("id", "dispatch", "host"))
_ASSIGNMENTS = ", ".join(f'"{name}" = ?' for name in _CHANGEABLE)
_UPDATE_RUN = f"UPDATE runs SET {_ASSIGNMENTS} WHERE id = ?"
_IS_OPEN = f"state IN ({', '.join(repr(state) for state in sorted(OPEN_STATES))})"


@dataclass(frozen=True, slots=True)
class OwnedRun:
    """A run and the id of the program that follows it."""

    run: Run
    owner: str


class RunStore:
    """The store in `data_dir`. Calls are short and block; safe from several threads.

    Several programs share one file. Every method raises JournalError when SQLite refuses.
    """

    def __init__(self, data_dir: Path, *, only_looks: bool = False) -> None:
        """Open it, or make it; with `only_looks` nothing is written, and each change refused."""
        self.path = data_dir / "runs.sqlite3"
        self._lock = threading.RLock()
        self.moved_aside: Path | None = None
        """Where a broken store was put when this one was begun."""
        if only_looks:
            self._connection = look_at_database(self.path)
        else:
            self._connection, self.moved_aside = open_database(self.path)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    # --- written ----------------------------------------------------------------------------

    def add_dispatch(
        self,
        dispatch: Dispatch,
        runs: Sequence[Run],
        owner: str,
        *,
        check: Callable[[], object] = lambda: None,
    ) -> None:
        """Add a dispatch with its runs, in the target's order, in one transaction.

        No other program writes between `check` and the change; what it raises stops the change.
        """
        with self._changing("add a dispatch") as connection:
            check()
            connection.execute(
                f"INSERT INTO dispatches ({_DISPATCH}) VALUES ({_DISPATCH_MARKS})",
                _values(dispatch, DISPATCH_COLUMNS),
            )
            connection.executemany(
                f"INSERT {_INSERT_RUN}",
                [(*_values(run, RUN_COLUMNS), at, owner) for at, run in enumerate(runs)],
            )

    def update_runs(self, runs: Iterable[Run]) -> None:
        """Replace what is known of these runs; those that have ended meanwhile stay as they are."""
        with self._changing("update runs") as connection:
            connection.executemany(
                f"{_UPDATE_RUN} AND finished_at IS NULL",
                [(*_values(run, _CHANGEABLE), run.id) for run in runs],
            )

    def finish_runs(self, ended: Sequence[tuple[Run, str]]) -> None:
        """Replace what is known of runs that ended, with their final answers."""
        with self._changing("update runs") as connection:
            connection.executemany(
                _UPDATE_RUN, [(*_values(run, _CHANGEABLE), run.id) for run, _ in ended]
            )
            connection.executemany(
                "UPDATE runs SET answer = ? WHERE id = ?",
                [(answer[:ANSWER_LIMIT], run.id) for run, answer in ended if answer],
            )

    def finish_dispatch(self, dispatch: Dispatch) -> None:
        """Record when a dispatch was over."""
        with self._changing("close a dispatch") as connection:
            connection.execute(
                "UPDATE dispatches SET finished_at = ? WHERE id = ?",
                (dispatch.finished_at, dispatch.id),
            )

    def claim(self, runs: Iterable[OwnedRun | Run], owner: str) -> set[str]:
        """Take over runs; returns the ids of those that nobody else has taken over meanwhile.

        An OwnedRun is taken from its owner; a bare Run is one the store does not know yet.
        """
        claimed: set[str] = set()
        with self._changing("take over runs") as connection:
            for item in runs:
                if isinstance(item, Run):
                    values = (*_values(item, RUN_COLUMNS), 0, owner)
                    cursor = connection.execute(f"INSERT OR IGNORE {_INSERT_RUN}", values)
                    identifier = item.id
                else:
                    identifier = item.run.id
                    cursor = connection.execute(
                        "UPDATE runs SET owner = ? WHERE id = ? AND owner = ?",
                        (owner, identifier, item.owner),
                    )
                if cursor.rowcount == 1:
                    claimed.add(identifier)
        return claimed

    # --- asked ------------------------------------------------------------------------------

    def get_run(self, identifier: str) -> Run | None:
        """Return a run, None when it is unknown."""
        found = self._runs("WHERE id = ?", (identifier,))
        return found[0] if found else None

    def get_dispatch(self, identifier: str) -> Dispatch | None:
        """Return a dispatch, None when it is unknown."""
        found = self._dispatches("WHERE id = ?", (identifier,))
        return found[0] if found else None

    def answer(self, run: str) -> str:
        """Return the final answer of a run, empty when it has none."""
        rows = self._rows("SELECT answer FROM runs WHERE id = ?", (run,))
        return str(rows[0][0]) if rows else ""

    def runs_of(self, dispatch: str) -> list[Run]:
        """Return the runs of a dispatch in the target's order."""
        return self._runs("WHERE dispatch = ? ORDER BY position", (dispatch,))

    def runs(
        self,
        *,
        host: str | None = None,
        state: str | Sequence[str] | None = None,
        agent: str | None = None,
        since: float | None = None,
        text: str | None = None,
        limit: int = 200,
    ) -> list[Run]:
        """Return runs that fit every filter, newest first.

        `host` may be a pattern (`*`, `?`); `since` is Unix seconds; `text` is looked for in
        prompt, answer and reason, in any case.
        """
        conditions: list[str] = []
        values: list[object] = []
        if host is not None:
            conditions.append("host GLOB ?" if set("*?") & set(host) else "host = ?")
            values.append(host)
        if state is not None:
            states = (state,) if isinstance(state, str) else tuple(state)
            conditions.append(f"state IN ({', '.join('?' * len(states))})")
            values += states
        if agent is not None:
            conditions.append("agent = ?")
            values.append(agent)
        if since is not None:
            conditions.append("created_at >= ?")
            values.append(since)
        if text:
            conditions.append(
                r"""(answer LIKE ? ESCAPE '\' OR reason LIKE ? ESCAPE '\' OR dispatch IN
                (SELECT id FROM dispatches WHERE prompt LIKE ? ESCAPE '\'))"""
            )
            values += [containing(text)] * 3
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        order = "ORDER BY created_at DESC, dispatch DESC, position LIMIT ?"
        return self._runs(f"{where} {order}", (*values, limit))

    def runs_of_session(self, session: str) -> list[Run]:
        """Return the runs that went on with one agent session, oldest first."""
        return self._runs("WHERE session = ? ORDER BY created_at, id", (session,))

    def history(self, found: RunFilter, limit: int, first: int = 0) -> list[PastRun]:
        """Return runs that fit, newest first, without the `first` newest of them."""
        columns = ", ".join(f'runs."{name}"' for name in RUN_COLUMNS)
        conditions, values = where(found)
        rows = self._rows(
            f"""SELECT {columns}, coalesce(d.prompt, ''), substr(runs.answer, 1, {ANSWER_SHOWN})
            FROM runs LEFT JOIN dispatches d ON d.id = runs.dispatch {conditions}
            ORDER BY runs.created_at DESC, runs.dispatch DESC, runs.position LIMIT ? OFFSET ?""",
            (*values, limit, first),
        )
        return [PastRun(Run(*row[:-2]), str(row[-2]), str(row[-1])) for row in rows]

    def runs_named(self, end: str) -> list[Run]:
        """Return the runs whose id ends so, newest first, at most ten."""
        clause = r"WHERE id LIKE ? ESCAPE '\' ORDER BY created_at DESC LIMIT 10"
        return self._runs(clause, (containing(end)[:-1],))

    def recent_dispatches(self, limit: int = 100) -> list[Dispatch]:
        """Return dispatches, newest first."""
        return self._dispatches("ORDER BY created_at DESC, id DESC LIMIT ?", (limit,))

    def open_runs(self) -> list[OwnedRun]:
        """Return the runs that have not ended, of all programs, oldest first."""
        return self._owned(f"WHERE {_IS_OPEN} ORDER BY created_at")

    def owned(self, identifiers: Iterable[str]) -> dict[str, OwnedRun]:
        """Return those of these runs that the store knows, with their owners."""
        found: dict[str, OwnedRun] = {}
        for identifier in identifiers:
            for item in self._owned("WHERE id = ?", (identifier,)):
                found[identifier] = item
        return found

    def prompt_history(self, limit: int = 200) -> list[str]:
        """Return what the operator dispatched, newest first, without repeats."""
        rows = self._rows(
            """SELECT prompt FROM dispatches WHERE origin = 'operator'
            GROUP BY prompt ORDER BY max(created_at) DESC, max(id) DESC LIMIT ?""",
            (limit,),
        )
        return [str(prompt) for (prompt,) in rows]

    def thread_tokens(self, session: str | None, before: float) -> TokenCount | None:
        """Return the tokens that a session had used, by its last run that told, None if none did.

        Only runs that began before the Unix time `before` count.
        """
        rows = self._rows(
            """SELECT thread_tokens FROM runs WHERE session = ? AND created_at < ?
            AND thread_tokens != '' ORDER BY created_at DESC LIMIT 1""",
            (session, before),
        )
        return TokenCount.read(str(rows[0][0])) if rows else None

    def cost_since(self, since: float) -> tuple[float, bool]:
        """Return US dollars of the runs that ended, or began and still run, since a Unix time.

        The second value is False when the cost of one that ended is not known.
        """
        rows = self._rows(
            """SELECT coalesce(sum(cost_usd), 0.0), coalesce(sum(
                cost_usd IS NULL AND agent != 'shell' AND finished_at IS NOT NULL
                AND (started_at IS NOT NULL OR state = 'lost')), 0)
            FROM runs WHERE COALESCE(finished_at, created_at) >= ?""",
            (since,),
        )
        ((usd, unknown),) = rows
        return float(usd), not unknown

    def reserved(self) -> tuple[float, bool]:
        """Return US dollars that the open runs of all programs may cost, by their budgets.

        The second value is False when one of them has none.
        """
        rows = self._rows(
            f"""SELECT coalesce(sum(budget_usd), 0.0), coalesce(sum(budget_usd IS NULL), 0)
            FROM runs WHERE {_IS_OPEN} AND agent != 'shell'"""
        )
        ((usd, unbounded),) = rows
        return float(usd), not unbounded

    def cost_by_host_since(self, since: float) -> dict[str, float]:
        """Return US dollars by host since a Unix time, of hosts that cost anything."""
        rows = self._rows(
            """SELECT host, sum(cost_usd) FROM runs
            WHERE COALESCE(finished_at, created_at) >= ? AND cost_usd > 0 GROUP BY host""",
            (since,),
        )
        return {str(host): float(usd) for host, usd in rows}

    # --- for the tables that stand beside runs -----------------------------------------------

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return what a SELECT finds."""
        return self._rows(sql, values)

    def changing(self, doing: str) -> AbstractContextManager[sqlite3.Connection]:
        """Open a transaction; `doing` says what for, should it fail."""
        return self._changing(doing)

    # --- inside -----------------------------------------------------------------------------

    @contextmanager
    def _changing(self, doing: str) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                with transaction(self._connection):
                    yield self._connection
            except sqlite3.Error as error:
                raise store_error(error, self.path, doing) from error

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._lock:
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise store_error(error, self.path, "read the run store") from error

    def _runs(self, clause: str, values: Sequence[object] = ()) -> list[Run]:
        rows = self._rows(f"SELECT {_RUN} FROM runs {clause}", values)
        return [Run(*row) for row in rows]

    def _owned(self, clause: str, values: Sequence[object] = ()) -> list[OwnedRun]:
        rows = self._rows(f"SELECT {_RUN}, owner FROM runs {clause}", values)
        return [OwnedRun(Run(*row[:-1]), str(row[-1])) for row in rows]

    def _dispatches(self, clause: str, values: Sequence[object] = ()) -> list[Dispatch]:
        rows = self._rows(f"SELECT {_DISPATCH} FROM dispatches {clause}", values)
        return [Dispatch(*row) for row in rows]


def _values(record: Run | Dispatch, columns: tuple[str, ...]) -> tuple[object, ...]:
    return tuple(
        value if value.__class__ is not str or value.isascii() else _storable(value)
        for value in attrgetter(*columns)(record)
    )


def _storable(text: str) -> str:
    # SQLite holds no lone surrogates (bytes of a command line that were not UTF-8)
    return text.encode("utf-8", "replace").decode()
