"""The lines of the audit log about sessions in the cloud: one before each request, one after it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from fleet_tui.journal import LogEntry
from fleet_tui.journal.redact import log_message
from fleet_tui.model.managed_view import CLOUD

if TYPE_CHECKING:
    from fleet_tui.context import FleetContext
    from fleet_tui.model.errors import FleetError
    from fleet_tui.model.managed_view import ManagedSession

Do = Literal["start", "send", "stop", "archive", "allow", "deny", "budget"]
Ending = Literal["done", "failed", "unknown"]
"""`unknown`: nobody can tell whether the service did it."""


class Logbook:
    """Writes `managed` and `refused` lines; every method raises JournalError."""

    def __init__(self, context: FleetContext) -> None:
        self._context = context

    async def before(
        self, do: Do, session: ManagedSession, msg: str, **more: str | float | None
    ) -> None:
        """Write on disk what is about to be asked of the service."""
        fields: dict[str, str | float | None] = {
            "id": session.id,
            "do": do,
            "host": CLOUD,
            "session": session.session or None,
            "origin": session.origin if do == "start" else "operator",
            "by": self._context.by,
            **more,
            "msg": log_message(msg) or None,
        }
        await self._write(fields, durable=True)

    async def after(self, do: Do, session: ManagedSession, ending: Ending, msg: str = "") -> None:
        """Write how it ended."""
        fields: dict[str, str | float | None] = {
            "id": session.id,
            "do": do,
            "status": ending,
            "host": CLOUD,
            "session": session.session or None,
            "msg": log_message(msg) or None,
        }
        await self._write(fields, durable=False)

    async def refused(self, session: ManagedSession, error: FleetError) -> None:
        """Write that the gate said no."""
        fields = {
            "id": session.id,
            "host": CLOUD,
            "agent": "managed",
            "origin": session.origin,
            "by": self._context.by,
            "why": str(error),
            "msg": log_message(session.prompt),
        }
        await self._context.log.append([LogEntry("refused", fields)], durable=True)

    async def _write(self, fields: dict[str, str | float | None], *, durable: bool) -> None:
        kept = {key: value for key, value in fields.items() if value is not None}
        await self._context.log.append([LogEntry("managed", kept)], durable=durable)
