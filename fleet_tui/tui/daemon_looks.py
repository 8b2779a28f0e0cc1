"""Daemons and schedules as a person sees them: a glyph, a word and a colour role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui.states import Look

if TYPE_CHECKING:
    from fleet_tui.model.daemons_view import DutyState, DutyView, StartOutcome, StartView

DUTIES: dict[DutyState, Look] = {
    "running": Look("●", "running", "accent"),
    "parked": Look("◌", "parked", "wait"),
    "waiting": Look("·", "waiting", "muted"),
    "resting": Look("◌", "resting", "wait"),
    "paused": Look("■", "paused", "wait"),
    "unconfirmed": Look("▲", "to confirm", "wait"),
    "finishing": Look("●", "finishing", "wait"),
    "idle": Look("○", "not run", "bad"),
}
STARTS: dict[StartOutcome, Look] = {
    "": Look("●", "open", "accent"),
    "ok": Look("✓", "ok", "ok"),
    "failed": Look("✗", "failed", "bad"),
    "refused": Look("▲", "refused", "bad"),
    "cancelled": Look("⊘", "cancelled", "muted"),
    "not-started": Look("✗", "not made", "wait"),
}


def duty_look(row: DutyView) -> Look:
    """Return how one is shown; a read-only program does not run it on purpose."""
    if row.state == "idle" and row.why:
        return Look("○", "not here", "muted")
    return DUTIES[row.state]


def start_look(start: StartView | None) -> Look:
    """Return how a start ended."""
    return Look("·", "never", "faint") if start is None else STARTS[start.outcome]


def row_of(starts: tuple[StartView, ...]) -> str:
    """Return a glyph for each of the last starts, oldest first: `✓✓✗✓`."""
    return "".join(STARTS[start.outcome].glyph for start in reversed(starts))
