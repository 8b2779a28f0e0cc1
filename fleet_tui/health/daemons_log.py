"""What an operator orders of daemons and schedules, and when each starts, in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.health.daemons_inherited import START
from fleet_tui.journal.entry import LogEntry

if TYPE_CHECKING:
    from fleet_tui.context import FleetContext
    from fleet_tui.health.daemons_book import Start
    from fleet_tui.health.daemons_settings import Duty


async def note_order(context: FleetContext, order: str, duty: Duty) -> None:
    """Write an order to fleet.log, before it is carried out; raises JournalError."""
    fields = {"order": order, "name": duty.name, "by": context.by}
    if order == "confirm":  # of exactly this prompt, target and rights
        fields["digest"] = duty.digest
    await context.log.append([LogEntry("daemon", fields)], durable=True)


async def note_start(context: FleetContext, duty: Duty, start: Start) -> None:
    """Write a start to fleet.log, before its dispatch: it is where the next primary finds it.

    `due` is the time that it came due, Unix seconds; one by hand has none. Raises JournalError.
    """
    fields: dict[str, str | float] = {"order": START, "name": duty.name, "id": start.dispatch}
    if not start.is_by_hand:
        fields |= {"due": start.due, "rhythm": str(duty.rhythm)}
    await context.log.append([LogEntry("daemon", {**fields, "by": context.by})], durable=False)
