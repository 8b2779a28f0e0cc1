"""What an operator orders of daemons and schedules, in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.journal.entry import LogEntry

if TYPE_CHECKING:
    from fleet_tui.context import FleetContext
    from fleet_tui.health.daemons_settings import Duty


async def note_order(context: FleetContext, order: str, duty: Duty) -> None:
    """Write an order to fleet.log, before it is carried out; raises JournalError."""
    fields = {"order": order, "name": duty.name, "by": context.by}
    if order == "confirm":  # of exactly this prompt, target and rights
        fields["digest"] = duty.digest
    await context.log.append([LogEntry("daemon", fields)], durable=True)
