"""The shared queue as the screen shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fleet_tui.model.snapshot import PartView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.run import Outcome
    from fleet_tui.model.task import TaskOptions, TaskState

PROMISE = "at-least-once run, exactly-once commit"


@dataclass(frozen=True, slots=True)
class TaskRow:
    """One task. Strings are sanitized; what is not known is None or empty."""

    name: str
    state: TaskState
    title: str = ""
    age: float | None = None
    """Seconds in this state, as far as one clock can tell."""
    priority: int = 0
    owner: str = ""
    """Host that holds it, or that did it."""
    attempt: int = 0
    cost_usd: float | None = None
    run: str = ""
    """Our run that carries it out or did; empty when another machine's did."""
    outcome: Outcome | None = None
    is_signed: bool = False
    waits: str = ""
    reason: str = ""
    tags: tuple[str, ...] = ()
    silent_for: float | None = None
    """Seconds since its owner was heard, while it runs."""


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """One worker, by its heartbeat."""

    name: str
    host: str
    state: Literal["fresh", "suspect", "stale", "new"] = "fresh"
    doing: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    slots: int = 1
    is_paused: bool = False
    is_ours: bool = False
    """True for workers of this program."""
    resting: str = ""
    """Why it takes nothing for now (back-off); empty when it does."""


@dataclass(frozen=True, slots=True)
class QueueView(PartView):
    """The queue, its workers, and what holds it up."""

    place: str
    counts: Mapping[TaskState, int]
    rows: tuple[TaskRow, ...] = ()
    workers: tuple[WorkerRow, ...] = ()
    stalled: tuple[str, ...] = ()
    """Why pending tasks are not taken, one sentence each."""
    problem: str = ""
    """Why the queue cannot be read, one sentence; the rest is then what was last known."""
    made_at: float = 0.0
    is_paused: bool = False
    """True while all workers of the queue are told to take nothing."""
    paused_by: str = ""
    paused_since: str = ""
    """As the clock of whoever paused it said, in ISO form; empty when it was not told."""
    weaknesses: tuple[str, ...] = ()
    """What its server lacks, one sentence each."""

    @property
    def total(self) -> int:
        """All tasks."""
        return sum(self.counts.values())

    def row(self, name: str) -> TaskRow | None:
        """Return a task's row."""
        return next((row for row in self.rows if row.name == name), None)


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One try of a task."""

    number: int
    host: str
    state: str
    """`running`, `done`, `failed`, `cancelled`, or `late` for one that lost its lease."""
    run: str = ""
    is_here: bool = False
    """True when this program can show the run's output."""
    outcome: str = ""
    reason: str = ""
    cost_usd: float | None = None
    started_at: float | None = None
    finished_at: float | None = None


@dataclass(frozen=True, slots=True)
class TaskDetail:
    """Everything known of one task."""

    row: TaskRow
    text: str
    """The file, sanitized; edited as it stands."""
    prompt: str
    options: TaskOptions | None
    """None when the front matter cannot be read."""
    signature: str
    """What its signature is worth, one sentence."""
    attempts: tuple[AttemptView, ...] = ()
    result: str = ""
    """The committed result's text."""
    problem: str = ""
    """Why the text cannot be used."""

    @property
    def live_run(self) -> str:
        """Return the id of a run of ours whose output can be shown; the newest; or empty."""
        here = [attempt.run for attempt in self.attempts if attempt.is_here]
        return here[-1] if here else ""
