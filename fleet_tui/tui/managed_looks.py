"""Cloud sessions as a person sees them: a glyph, a word and a colour role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui import fmt
from fleet_tui.tui.states import Look

if TYPE_CHECKING:
    from fleet_tui.model.managed_view import ManagedRow, ManagedView

STATES: dict[str, Look] = {
    "starting": Look("◌", "starting", "wait"),
    "sending": Look("◌", "sending", "wait"),
    "running": Look("●", "running", "accent"),
    "rescheduling": Look("◌", "rescheduled", "wait"),
    "waiting": Look("?", "asks you", "wait"),
    "idle": Look("○", "idle", "ok"),
    "over-budget": Look("■", "budget used", "wait"),
    "stuck": Look("✗", "gave up", "bad"),
    "declined": Look("⊘", "declined", "wait"),
    "ended": Look("✓", "ended", "muted"),
    "archived": Look("✓", "archived", "faint"),
    "gone": Look("✗", "gone", "faint"),
    "failed": Look("✗", "not begun", "bad"),
    "unknown": Look("·", "unknown", "muted"),
}
UNCONFIGURED = "fleet.toml has no [managed] section; see sample_fleet.toml."


def look_of(row: ManagedRow, now: float) -> Look:
    """Return how a session is shown: the state that is still proven."""
    return STATES[row.session.shown_state(now)]


def cost_of(row: ManagedRow) -> str:
    """Return what it has cost of what it may: `$0.07/0.50`."""
    session = row.session
    spent = "?" if session.cost_usd is None else f"${session.cost_usd:.2f}"
    return f"{spent}/{session.budget_usd:.2f}"


def word_of(row: ManagedRow) -> tuple[str, str]:
    """Return what is to be known of it first, with its colour role."""
    if row.asks:
        return f"{row.asks[0].tool}: {row.asks[0].text}", "wait"
    if row.session.why and row.session.state in ("stuck", "failed", "gone"):
        return row.session.why, "bad"
    return row.session.last_word, "muted"


def proof_of(row: ManagedRow, now: float) -> str:
    """Return whose word the state is, and how old it is."""
    session = row.session
    age = fmt.age(max(0.0, now - session.heard_at))
    if not session.heard_at:
        return "the service has said nothing of it yet"
    if session.shown_state(now) == "unknown":
        return f"unknown since {age}: {row.trouble or 'the service was not heard'}"
    return f"the service's word, {age} old" + (f"; {row.trouble}" if row.trouble else "")


def sums_of(view: ManagedView) -> str:
    """Return how many are active, and the day's money."""
    cap = "" if view.cap_usd is None else f" of ${view.cap_usd:.2f}"
    held = f", ${view.reserved_usd:.2f} held" if view.reserved_usd else ""
    return f"{view.active}/{view.max_parallel} active · ${view.spent_usd:.2f}{cap} today{held}"
