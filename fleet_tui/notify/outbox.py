"""The outbox: a notice and where it must go are on disk before anything leaves the machine.

States of a delivery: `queued` (waits, also for quiet hours or an escalation), `sent` (bytes may
have left; it belongs to the program that sends it, and is sent again when that one is gone),
`accepted` (the service says it has it), `seen` (a person has acknowledged it, by the service's
receipt), `failed` (it will not be tried again), `skipped` (somebody acknowledged the notice before
its time came).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from fleet_tui.journal.database import store_error, transaction
from fleet_tui.journal.faults import journal_error
from fleet_tui.journal.looking import copy_in_memory
from fleet_tui.model.notice import Notice
from fleet_tui.notify.outbox_schema import make_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from fleet_tui.model.routes_view import DeliveryState

FILE = "notify.db"
SAME_WITHIN = 600.0
"""Seconds within which an equal notice counts as the same one again."""
ROLL_UP_AFTER = 300.0
"""Seconds after a message until one more tells how often it happened since."""
KEPT = 2_000
"""Notices that are kept, with their deliveries."""

_NOTICE = "id, at, severity, event, source, text, run, count"


@dataclass(frozen=True, slots=True)
class Planned:
    """A route that a notice goes on, and when, Unix seconds."""

    route: str
    due: float
    is_digest: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notice on one route."""

    id: int
    notice: Notice
    route: str
    state: DeliveryState
    due: float
    attempts: int
    since: float
    """When it got into this state, Unix seconds."""
    told: int
    """How many times, by the last message, the notice had happened."""
    answer: str
    receipt: str
    is_digest: bool
    hops: int
    origin: str
    """The way on which it came, and the fleets that it has passed, between spaces."""
    acked_at: float | None


class Outbox:
    """The file; its methods block, and may be called from any thread."""

    def __init__(self, data_dir: Path, *, only_looks: bool = False) -> None:
        """Open it, or make it; with `only_looks` a copy in memory, which loses all changes."""
        self.path = data_dir / FILE
        self._lock = threading.Lock()
        try:
            if only_looks:
                self._db = copy_in_memory(self.path, make_tables)
                return
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
            self._db = sqlite3.connect(
                self.path, timeout=10.0, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
            make_tables(self._db)
        except sqlite3.Error as error:
            raise store_error(error, self.path, "open the outbox of notices") from error
        except OSError as error:
            raise journal_error(error, self.path, "open the outbox of notices") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def add(
        self,
        notices: Iterable[tuple[Notice, Sequence[Planned]]],
        *,
        origin: str = "",
        hops: int = 0,
    ) -> list[Notice]:
        """Write notices and their deliveries in one transaction; returns them as they now are.

        An equal one of the last SAME_WITHIN seconds gets a higher count instead, and one more
        message on each route, ROLL_UP_AFTER seconds after the last.
        """
        with self.writing() as db:
            return [self._add(db, notice, plan, origin, hops) for notice, plan in notices]

    def due(self, route: str, now: float) -> Delivery | None:
        """Return the next delivery of a route that is due."""
        found = self._select(
            "route = ? AND state = 'queued' AND due <= ? AND NOT is_digest ORDER BY due, d.id"
            " LIMIT 1",
            (route, now),
        )
        return found[0] if found else None

    def due_digest(self, route: str, now: float) -> list[Delivery]:
        """Return all deliveries of a route that are gathered and due."""
        clause = "route = ? AND state = 'queued' AND due <= ? AND is_digest ORDER BY n.at LIMIT 500"
        return self._select(clause, (route, now))

    def next_due(self, route: str) -> float | None:
        """Return when the next delivery of a route is due, Unix seconds."""
        query = "SELECT min(due) FROM deliveries WHERE route = ? AND state = 'queued'"
        with self.reading() as db:
            return cast("float | None", db.execute(query, (route,)).fetchone()[0])

    def waiting_receipts(self) -> list[Delivery]:
        """Return the deliveries whose service may still say that a person has seen them."""
        return self._select("state = 'accepted' AND receipt != ''", ())

    def put(
        self,
        delivery: int,
        state: DeliveryState,
        now: float,
        *,
        answer: str = "",
        due: float | None = None,
        told: int | None = None,
        receipt: str | None = None,
    ) -> None:
        """Write a delivery's new state; `due` is for `queued`."""
        with self.writing() as db:
            db.execute(
                "UPDATE deliveries SET state = ?, since = ?, answer = ?, due = coalesce(?, due),"
                " told = coalesce(?, told), receipt = coalesce(?, receipt) WHERE id = ?",
                (state, now, answer, due, told, receipt, delivery),
            )

    def claim(self, deliveries: Sequence[int], now: float, owner: str) -> bool:
        """Note that `owner` sends these; False when another program has begun with one of them."""
        marks = ",".join("?" * len(deliveries))
        with self.writing() as db:
            (free,) = db.execute(
                f"SELECT count(*) FROM deliveries WHERE id IN ({marks}) AND state = 'queued'",
                tuple(deliveries),
            ).fetchone()
            if free != len(deliveries):
                return False
            db.execute(
                "UPDATE deliveries SET state = 'sent', since = ?, answer = '', owner = ?,"
                f" attempts = attempts + 1 WHERE id IN ({marks})",
                (now, owner, *deliveries),
            )
        return True

    def requeue_unanswered(self, now: float, lives: Callable[[str], bool]) -> int:
        """Queue again what was `sent` by a program that lives no more; returns how many.

        `lives` tells whether the program with that owner id does.
        """
        with self.reading() as db:
            rows = db.execute("SELECT DISTINCT owner FROM deliveries WHERE state = 'sent'")
            gone = [str(owner) for (owner,) in rows.fetchall() if not lives(str(owner))]
        if not gone:
            return 0
        marks = ",".join("?" * len(gone))
        with self.writing() as db:
            return db.execute(
                "UPDATE deliveries SET state = 'queued', due = ?, since = ?"
                f" WHERE state = 'sent' AND owner IN ({marks})",
                (now, now, *gone),
            ).rowcount

    def acknowledge(self, notices: Iterable[str], by: str, now: float) -> int:
        """Note that a person knows; what was to escalate is skipped. Returns how many changed."""
        changed = 0
        with self.writing() as db:
            for notice in notices:
                changed += db.execute(
                    "UPDATE notices SET acked_at = ?, acked_by = ? WHERE id = ?"
                    " AND acked_at IS NULL",
                    (now, by, notice),
                ).rowcount
                db.execute(
                    "UPDATE deliveries SET state = 'skipped', since = ?, answer = ?"
                    " WHERE notice = ? AND state = 'queued'",
                    (now, f"acknowledged by {by}", notice),
                )
        return changed

    def recent(self, limit: int = 200) -> list[tuple[Notice, float | None, list[Delivery]]]:
        """Return the newest notices, when each was acknowledged, and its deliveries."""
        with self.reading() as db:
            rows = db.execute(
                f"SELECT {_NOTICE}, acked_at FROM notices ORDER BY at DESC LIMIT ?", (limit,)
            ).fetchall()
        found = {row[0]: (_notice(row[:8]), row[8], list[Delivery]()) for row in rows}
        marks = ",".join("?" * len(found))
        for delivery in self._select(f"notice IN ({marks}) ORDER BY d.id", tuple(found)):
            found[delivery.notice.id][2].append(delivery)
        return list(found.values())

    def acknowledged_by(self, limit: int = 200) -> dict[str, str]:
        """Return who acknowledged the newest notices, by id."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT id, acked_by FROM notices WHERE acked_by IS NOT NULL"
                " ORDER BY at DESC LIMIT ?",
                (limit,),
            ).fetchall()
        return {str(notice): str(by) for notice, by in rows}

    def mute(self, event: str, source: str, until: float) -> None:
        """Let notices of an event from a source go nowhere until then, Unix seconds."""
        with self.writing() as db:
            db.execute("INSERT OR REPLACE INTO mutes VALUES (?, ?, ?)", (event, source, until))

    def mutes(self, now: float) -> dict[tuple[str, str], float]:
        """Return what is muted now, and until when, by event and source."""
        with self.reading() as db:
            rows = db.execute(
                "SELECT event, source, until FROM mutes WHERE until > ?", (now,)
            ).fetchall()
        return {(str(event), str(source)): float(until) for event, source, until in rows}

    def note(self, key: str) -> str | None:
        """Return what was remembered under `key`."""
        with self.reading() as db:
            row = db.execute("SELECT value FROM notes WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def remember(self, key: str, value: str) -> None:
        """Remember a text under `key`."""
        with self.writing() as db:
            db.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (key, value))

    # --- inside -----------------------------------------------------------------------------

    def _add(
        self,
        db: sqlite3.Connection,
        notice: Notice,
        plan: Sequence[Planned],
        origin: str,
        hops: int,
    ) -> Notice:
        row = db.execute(
            "SELECT id, count FROM notices WHERE id = ? OR"
            " (event = ? AND source = ? AND at > ? AND text = ?) LIMIT 1",
            (notice.id, notice.event, notice.source, notice.at - SAME_WITHIN, notice.text),
        ).fetchone()
        if row is None:
            self._insert(db, notice, plan, origin, hops)
            return notice
        known, count = str(row[0]), int(row[1])
        total = max(notice.count, count) if known == notice.id else count + notice.count
        db.execute(
            "UPDATE notices SET at = ?, text = ?, severity = ?, count = ? WHERE id = ?",
            (notice.at, notice.text, notice.severity, total, known),
        )
        if total > count:
            db.execute(
                "UPDATE deliveries SET state = 'queued', due = since + ?, attempts = 0"
                " WHERE notice = ? AND state IN ('accepted', 'seen')",
                (ROLL_UP_AFTER, known),
            )
        return replace(notice, id=known, count=total)

    def _insert(
        self,
        db: sqlite3.Connection,
        notice: Notice,
        plan: Sequence[Planned],
        origin: str,
        hops: int,
    ) -> None:
        db.execute(
            "INSERT INTO notices VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)",
            (
                notice.id,
                notice.at,
                notice.at,
                notice.severity,
                notice.event,
                notice.source,
                notice.text,
                notice.run,
                notice.count,
                origin,
                hops,
            ),
        )
        db.executemany(
            "INSERT INTO deliveries (notice, route, state, due, attempts, since, told, answer,"
            " receipt, is_digest) VALUES (?, ?, 'queued', ?, 0, ?, 0, '', '', ?)",
            [
                (notice.id, planned.route, planned.due, notice.at, int(planned.is_digest))
                for planned in plan
            ],
        )
        db.execute(
            "DELETE FROM notices WHERE id IN (SELECT id FROM notices ORDER BY at DESC"
            " LIMIT -1 OFFSET ?) AND id NOT IN (SELECT notice FROM deliveries WHERE state IN"
            " ('queued', 'sent'))",
            (KEPT,),
        )

    def _select(self, clause: str, values: tuple[object, ...]) -> list[Delivery]:
        query = (
            "SELECT n.id, n.at, n.severity, n.event, n.source, n.text, n.run, n.count,"
            " d.id, d.route, d.state, d.due, d.attempts, d.since, d.told, d.answer, d.receipt,"
            " d.is_digest, n.hops, n.origin, n.acked_at"
            f" FROM deliveries d JOIN notices n ON n.id = d.notice WHERE {clause}"
        )
        with self.reading() as db:
            rows = db.execute(query, values).fetchall()
        return [_delivery(row) for row in rows]

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend the database to read from it; raises JournalError."""
        with self._lock:
            try:
                yield self._db
            except sqlite3.Error as error:
                raise store_error(error, self.path, "read the outbox of notices") from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the database for one transaction; raises JournalError."""
        with self._lock:
            try:
                with transaction(self._db):
                    yield self._db
            except sqlite3.Error as error:
                raise store_error(error, self.path, "write the outbox of notices") from error


def _notice(row: tuple[object, ...]) -> Notice:
    return Notice(*row)  # type: ignore[arg-type]


def _delivery(row: tuple[object, ...]) -> Delivery:
    (identifier, route, state, due, attempts, since, told, answer, receipt, digest) = row[8:18]
    return Delivery(
        id=cast("int", identifier),
        notice=_notice(row[:8]),
        route=cast("str", route),
        state=cast("DeliveryState", state),
        due=cast("float", due),
        attempts=cast("int", attempts),
        since=cast("float", since),
        told=cast("int", told),
        answer=cast("str", answer),
        receipt=cast("str", receipt),
        is_digest=bool(digest),
        hops=cast("int", row[18]),
        origin=cast("str", row[19]),
        acked_at=cast("float | None", row[20]),
    )
