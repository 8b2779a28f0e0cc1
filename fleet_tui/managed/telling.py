"""Notices about sessions in the cloud: what a person should know who is not looking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.ids import short
from fleet_tui.model.managed_view import CLOUD
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.context import Tells
    from fleet_tui.model.managed_view import ManagedAsk, ManagedSession, ManagedState
    from fleet_tui.model.notice import Severity

_EVENTS: dict[ManagedState, tuple[Severity, str]] = {
    "waiting": ("warning", "managed-asks"),
    "idle": ("info", "managed-done"),
    "ended": ("info", "managed-done"),
    "over-budget": ("warning", "managed-over-budget"),
    "stuck": ("error", "managed-failed"),
    "declined": ("warning", "managed-failed"),
    "gone": ("warning", "managed-failed"),
}


def tell(notice: Tells, session: ManagedSession, asks: Sequence[ManagedAsk]) -> None:
    """Raise the notice for the state that a session has just reached, if that state has one."""
    known = _EVENTS.get(session.state)
    if known is None:
        return
    severity, event = known
    text = f"{short(session.id)} {one_line(session.title, 60)}: {_said(session, asks)}"
    notice(f"managed/{session.id}", severity, event, CLOUD, text)


def _said(session: ManagedSession, asks: Sequence[ManagedAsk]) -> str:
    match session.state:
        case "waiting":
            asked = asks[0] if asks else None
            return f"asks to use {asked.tool}: {asked.text}" if asked else "waits for a person"
        case "over-budget":
            return f"its budget of ${session.budget_usd:.2f} is used up"
        case "stuck":
            return session.why or "its retries are used up"
        case "declined":
            return session.why or "the model declined"
        case "gone":
            return "the service has it no more"
        case _:
            return session.last_word or "is done"
