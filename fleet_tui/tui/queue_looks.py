"""Tasks and heartbeats as a person sees them: a glyph, a word and a colour role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui import fmt
from fleet_tui.tui.states import Look

if TYPE_CHECKING:
    from fleet_tui.model.beats_view import PulseState
    from fleet_tui.model.queue_view import QueueView, TaskRow
    from fleet_tui.model.task import TaskState

TASKS: dict[TaskState, Look] = {
    "running": Look("●", "running", "accent"),
    "pending": Look("·", "pending", "muted"),
    "held": Look("■", "held", "wait"),
    "quarantined": Look("▲", "refused", "bad"),
    "failed": Look("✗", "failed", "bad"),
    "done": Look("✓", "done", "ok"),
    "cancelled": Look("⊘", "cancelled", "muted"),
}
"""In the order of the list."""

PULSES: dict[PulseState, Look] = {
    "stale": Look("✗", "stale", "bad"),
    "suspect": Look("▲", "suspect", "wait"),
    "new": Look("·", "new", "muted"),
    "fresh": Look("●", "fresh", "ok"),
}

BAR = 10
BLOCKS = " ▁▂▃▄▅▆▇█"


def task_look(row: TaskRow) -> Look:
    """Return how a task is shown."""
    if row.state == "done" and row.outcome == "denied":
        return Look("✓", "done, denied", "wait")
    if row.state == "pending" and row.waits:
        return Look("◌", "waits", "muted")
    return TASKS[row.state]


def title_of(view: QueueView) -> str:
    """Return the counts that matter: what runs, waits, failed, was refused."""
    shown: tuple[TaskState, ...] = ("running", "pending", "held", "failed", "quarantined", "done")
    counts = [(view.counts.get(state, 0), TASKS[state].word) for state in shown]
    return " · ".join(f"{fmt.count(number)} {word}" for number, word in counts if number)


def age_bar(silent_for: float, stale_after: float) -> str:
    """Return how much of the threshold is used up, `███·······`; full is stale."""
    share = min(1.0, silent_for / stale_after) if stale_after > 0 else 1.0
    full = int(share * BAR)
    return "█" * full + "·" * (BAR - full)


def sparkline(history: tuple[float, ...], most: float, width: int = 24) -> str:
    """Return the pauses between beats as a row of bars, the newest at the right."""
    scale = len(BLOCKS) - 1
    pauses = history[-width:]
    return "".join(BLOCKS[max(1, min(scale, round(p / most * scale)))] for p in pauses)
