"""What this machine must not forget of the queue: signed tasks it has taken, attempts it has begun.

One SQLite file in the state folder, shared by every worker of this machine and synced on each
change: a task's signature is spent, and an attempt's run has its name, before anything happens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.journal.small_book import SmallBook

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "queue.db"
KEPT_SECONDS = 400 * 86_400.0
"""How long a spent signature is remembered: longer than any signature may hold."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS signed (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL,
    is_spent INTEGER NOT NULL DEFAULT 0, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS attempts (
    attempt TEXT PRIMARY KEY, run TEXT NOT NULL, name TEXT NOT NULL, host TEXT NOT NULL,
    claim TEXT NOT NULL, owner TEXT NOT NULL, at REAL NOT NULL, ended_at REAL);
"""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try of a task by a worker of this machine, and the run that carries it out."""

    id: str
    run: str
    name: str
    host: str
    claim: str
    """What the store needs to take the claim up again."""
    owner: str = ""
    """The program that carries it out, as `journal.owner` knows it."""

    @property
    def number(self) -> int:
        """1 for the first try: the id is `<name>.a<number>.<fence>`; a fence may begin with a."""
        return int(self.id.removeprefix(f"{self.name}.a").partition(".")[0])


class Ledger(SmallBook):
    """Safe between programs and threads; each method is one transaction. Raises JournalError."""

    def __init__(self, data_dir: Path, *, only_looks: bool = False) -> None:
        path = data_dir / FILE_NAME
        super().__init__(path, _SCHEMA, "open the queue's ledger", only_looks=only_looks)

    # --- signatures ---------------------------------------------------------------------------

    def accept(self, identifier: str, name: str, digest: str, now: float) -> str:
        """Take note that the signed task `identifier` is being carried out as `name`.

        Returns why it must not be: it was done before, under another name, or with another text.
        Empty when it may; another attempt of the same task may.
        """
        with self._changing("note a signed task"):
            row = self._db.execute(
                "SELECT name, digest, is_spent FROM signed WHERE id = ?", (identifier,)
            ).fetchone()
            if row is None:
                self._db.execute(
                    "INSERT INTO signed (id, name, digest, at) VALUES (?, ?, ?, ?)",
                    (identifier, name, digest, now),
                )
                return ""
        known_name, known_digest, is_spent = row
        if is_spent:
            return "a task with its id was done before"
        if known_digest != digest:
            return "another text with its id was taken before"
        return "" if known_name == name else "a task with its id was taken under another name"

    def why_replayed(self, identifier: str, name: str, digest: str) -> str:
        """Say what `accept` would, and change nothing."""
        with self._faults("read the queue's ledger"):
            row = self._db.execute(
                "SELECT name, digest, is_spent FROM signed WHERE id = ?", (identifier,)
            ).fetchone()
        if row is None or (not row[2] and row[0] == name and row[1] == digest):
            return ""
        return "a task with its id was taken before"

    def spend(self, identifier: str) -> None:
        """Never accept this id again: its task is done."""
        with self._changing("spend a signature"):
            self._db.execute("UPDATE signed SET is_spent = 1 WHERE id = ?", (identifier,))

    # --- attempts -----------------------------------------------------------------------------

    def begin(self, attempt: Attempt, now: float) -> Attempt:
        """Write an attempt down before its run starts; returns what stands there already."""
        with self._changing("note an attempt"):
            self._db.execute(
                "INSERT OR IGNORE INTO attempts (attempt, run, name, host, claim, owner, at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*_columns(attempt), now),
            )
            return self._attempts("attempt = ?", attempt.id)[0]

    def take_over(self, attempt: Attempt, owner: str) -> bool:
        """Carry an attempt on in the place of a program that is gone; False if another does."""
        with self._changing("take an attempt over"):
            changed = self._db.execute(
                "UPDATE attempts SET owner = ?"
                " WHERE attempt = ? AND owner = ? AND ended_at IS NULL",
                (owner, attempt.id, attempt.owner),
            )
            return changed.rowcount == 1

    def end(self, attempt: str, now: float) -> None:
        """Write down that nothing more is to be done for an attempt."""
        with self._changing("note the end of an attempt"):
            self._db.execute("UPDATE attempts SET ended_at = ? WHERE attempt = ?", (now, attempt))
            self._db.execute("DELETE FROM attempts WHERE ended_at < ?", (now - KEPT_SECONDS,))
            self._db.execute("DELETE FROM signed WHERE at < ?", (now - KEPT_SECONDS,))

    def open_attempts(self) -> list[Attempt]:
        """Return the attempts that a worker of this machine has begun and not ended."""
        with self._faults("read the queue's ledger"):
            return self._attempts("ended_at IS NULL")

    def of_task(self, name: str) -> list[Attempt]:
        """Return the attempts of a task, oldest first."""
        with self._faults("read the queue's ledger"):
            return self._attempts("name = ?", name)

    def _attempts(self, where: str, *values: str) -> list[Attempt]:
        columns = "attempt, run, name, host, claim, owner"
        found = self._db.execute(
            f"SELECT {columns} FROM attempts WHERE {where} ORDER BY at", values
        )
        return [Attempt(*row) for row in found]


def _columns(attempt: Attempt) -> tuple[str, ...]:
    return (
        attempt.id,
        attempt.run,
        attempt.name,
        attempt.host,
        attempt.claim,
        attempt.owner,
    )
