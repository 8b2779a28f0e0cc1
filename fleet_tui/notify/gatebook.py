"""The questions that were sent to phones, and the key that signs their buttons; both on disk."""

from __future__ import annotations

import os
import secrets
from typing import TYPE_CHECKING, cast

from fleet_tui.model.errors import JournalError
from fleet_tui.notify.phone import PhoneGate

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.notify.outbox import Outbox

KEY_FILE = "phone.key"
KEY_BYTES = 32
GATE_SECONDS = 900.0
"""How long a button works, unless a route says otherwise."""
KEPT_SECONDS = 30 * 86_400.0
_COLUMNS = "id, run, question, digest, nonce, expires_at"


class GateBook:
    """Keeps gates in the outbox's file; its methods block, and may be called from any thread."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def open(
        self, notice: str, run: str, question: str, digest: str, now: float, until: float
    ) -> PhoneGate:
        """Return the gate of a question, made when it is new to last `until`, Unix seconds."""
        with self._outbox.writing() as db:
            db.execute("DELETE FROM gates WHERE expires_at < ?", (now - KEPT_SECONDS,))
            db.execute(
                "INSERT OR IGNORE INTO gates VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
                (
                    f"g-{secrets.token_hex(8)}",
                    notice,
                    run,
                    question,
                    digest,
                    secrets.token_hex(16),
                    until,
                ),
            )
            row = db.execute(
                f"SELECT {_COLUMNS} FROM gates WHERE notice = ? AND digest = ?", (notice, digest)
            ).fetchone()
        return _gate(row)

    def find(self, gate: str) -> tuple[PhoneGate, str, bool] | None:
        """Return a gate, its notice, and whether it was answered; None for an unknown one."""
        with self._outbox.reading() as db:
            row = db.execute(
                f"SELECT {_COLUMNS}, notice, used_at FROM gates WHERE id = ?", (gate,)
            ).fetchone()
        return None if row is None else (_gate(row[:6]), str(row[6]), row[7] is not None)

    def of_notice(self, notice: str) -> PhoneGate | None:
        """Return the newest gate of a notice that was not answered yet."""
        with self._outbox.reading() as db:
            row = db.execute(
                f"SELECT {_COLUMNS} FROM gates WHERE notice = ? AND used_at IS NULL"
                " ORDER BY expires_at DESC LIMIT 1",
                (notice,),
            ).fetchone()
        return None if row is None else _gate(row)

    def use(self, gate: str, now: float) -> bool:
        """Note that a gate is answered; False when it was before: one caller only gets True."""
        with self._outbox.writing() as db:
            done = db.execute(
                "UPDATE gates SET used_at = ? WHERE id = ? AND used_at IS NULL", (now, gate)
            )
            return done.rowcount == 1


def load_key(data_dir: Path) -> bytes:
    """Return this machine's key, made at its first use (0600); raises JournalError."""
    path = data_dir / KEY_FILE
    try:
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            key = path.read_bytes()
        else:
            key = secrets.token_bytes(KEY_BYTES)
            with os.fdopen(fd, "wb") as file:
                file.write(key)
                file.flush()
                os.fsync(file.fileno())
    except OSError as error:
        raise JournalError(
            f"the key for answers from the phone cannot be used: {error.strerror}", where=str(path)
        ) from error
    if len(key) != KEY_BYTES:
        raise JournalError(
            "the key for answers from the phone is torn",
            where=str(path),
            mend="delete it: what was sent to phones before can then not be answered there",
        )
    return key


def _gate(row: tuple[object, ...]) -> PhoneGate:
    identifier, run, question, digest, nonce, expires_at = row
    return PhoneGate(
        str(identifier), str(run), str(question), str(digest), str(nonce), cast("float", expires_at)
    )
