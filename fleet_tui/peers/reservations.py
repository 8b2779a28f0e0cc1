"""Announces which paths are being changed, by whom and until when. Advice: nothing is locked."""

from __future__ import annotations

import posixpath
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from fleet_tui.journal import LogEntry, log_message
from fleet_tui.model.errors import UsageError
from fleet_tui.model.peer import OPERATOR, Reservation
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fleet_tui.context import FleetContext
    from fleet_tui.peers.store import PeerStore

LONGEST = 86_400.0
OPEN_LIMIT = 200


class Reservations:
    """Keeps them in the peer store; an expired one is as if it had never been."""

    def __init__(
        self, context: FleetContext, store: PeerStore, changed: Callable[[], None]
    ) -> None:
        self._context = context
        self._store = store
        self._changed = changed

    def open(self) -> tuple[Reservation, ...]:
        """Return what is reserved now, each with whom it conflicts."""
        now = self._context.clock.time()
        rows = self._store.database.rows(
            "SELECT id, holder, path, reason, made_at, expires_at FROM reservations"
            " WHERE expires_at > ? ORDER BY made_at",
            (now,),
        )
        plain = [Reservation(**dict(row)) for row in rows]
        return tuple(_with_conflicts(one, plain) for one in plain)

    async def make(self, holder: str, path: str, reason: str, seconds: float) -> Reservation:
        """Announce a path; it is granted in any case, with the names of others who have it.

        Raises UsageError, JournalError.
        """
        shown = one_line(path, 1000)
        if not shown:
            raise UsageError("a path is needed", mend="name a file, a folder or a glob")
        if not 1 <= seconds <= LONGEST:
            raise UsageError("a reservation lasts from a second to a day")
        mine = [one for one in self.open() if one.holder == holder]
        if len(mine) >= OPEN_LIMIT:
            raise UsageError(f"{holder} holds {OPEN_LIMIT} reservations already")
        now = self._context.clock.time()
        made = Reservation(
            self._context.new_id("v"),
            holder,
            self._qualified(holder, shown),
            one_line(reason, 300),
            now,
            now + seconds,
        )
        entry: dict[str, str | int | float | None] = {
            "kind": "reserve",
            "id": made.id,
            "from": holder,
            "path": made.path,
            "seconds": round(seconds),
            "by": self._context.by,
            "epoch": self._context.epoch(),
            "msg": log_message(made.reason),
        }
        await self._context.log.append([LogEntry("message", entry)], durable=True)
        with self._store.database.transaction() as connection:
            connection.execute(
                "DELETE FROM reservations WHERE expires_at <= ? OR (holder = ? AND path = ?)",
                (now, holder, made.path),
            )
            connection.execute(
                "INSERT INTO reservations VALUES (?, ?, ?, ?, ?, ?)",
                (made.id, holder, made.path, made.reason, made.made_at, made.expires_at),
            )
        made = _with_conflicts(made, self.open())
        if made.conflicts:
            others = ", ".join(made.conflicts)
            text = f"{holder} changes {made.path}, which {others} announced too"
            self._context.notice(
                f"reserved/{made.path}", "warning", "peers-conflict", "fleet", text
            )
        self._changed()
        return made

    def release(self, identifier: str, holder: str | None = None) -> bool:
        """End a reservation; with `holder` only its own. False when there is none."""
        found = self._store.database.change(
            "DELETE FROM reservations WHERE id = ? AND (? IS NULL OR holder = ?)",
            (identifier, holder, holder),
        )
        self._changed()
        return bool(found)

    def _qualified(self, holder: str, path: str) -> str:
        """Return the path with its repository, or its host, so that others can compare it."""
        peer = None if holder == OPERATOR else self._store.peer(holder)
        if peer is None:
            return path
        full = posixpath.normpath(posixpath.join(peer.cwd or "/", path))
        if peer.repo and peer.root and full.startswith(f"{peer.root}/"):
            return f"{peer.repo}:{full[len(peer.root) + 1 :]}"
        return f"{peer.host}:{full}"


def meets(one: str, other: str) -> bool:
    """Tell whether two paths or globs can mean the same file, or one holds the other."""
    if one == other or fnmatchcase(one, other) or fnmatchcase(other, one):
        return True
    short, long = sorted((one.rstrip("/"), other.rstrip("/")), key=len)
    return long.startswith(f"{short}/")


def _with_conflicts(one: Reservation, everyone: Iterable[Reservation]) -> Reservation:
    met = [
        other for other in everyone if other.holder != one.holder and meets(other.path, one.path)
    ]
    return replace(one, conflicts=tuple(sorted({other.holder for other in met})))
