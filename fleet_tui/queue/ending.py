"""What becomes of a task when its run has ended: pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from fleet_tui.model.run import Outcome, Run

Ending = Literal["commit", "fail", "again", "back"]
"""`commit` the result; `fail` for good; `again`: a failed attempt, try once more if any is left;
`back`: no attempt of the task's, the host or a limit stood in the way."""

MINUTE = 60.0
HOST_REST = 2 * MINUTE
LIMIT_REST = 15 * MINUTE
MEND_REST = 10 * MINUTE
FIRST_PAUSE = 15.0
LONGEST_PAUSE = 10 * MINUTE

_OF_THE_HOST: frozenset[Outcome] = frozenset({"connect", "host-key", "network"})
_TO_BE_MENDED: frozenset[Outcome] = frozenset({"auth", "agent-missing", "refused"})
_LIMITS: frozenset[Outcome] = frozenset({"rate-limited", "billing", "overloaded"})
_FOR_A_PERSON: frozenset[Outcome] = frozenset({"max-turns", "budget", "usage"})


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with the task, and how long its worker takes nothing new. Seconds."""

    ending: Ending
    delay: float = 0.0
    """How long nobody takes the task again."""
    rest: float = 0.0
    """How long the worker rests."""
    why: str = ""


def decide(run: Run, attempt: int, max_attempts: int) -> Decision:
    """Say what follows from how a run ended."""
    why = run.reason or (run.outcome or run.state)
    outcome = run.outcome
    if run.state == "succeeded":
        return Decision("commit")
    if run.state == "cancelled":
        return Decision("fail", why=run.reason or "its run was cancelled")
    if outcome in _OF_THE_HOST and run.started_at is None:
        return Decision("back", delay=FIRST_PAUSE, rest=HOST_REST, why=why)
    if outcome in _TO_BE_MENDED:
        return Decision("back", delay=FIRST_PAUSE, rest=MEND_REST, why=why)
    if outcome in _LIMITS:
        return Decision("back", delay=LIMIT_REST, rest=LIMIT_REST, why=why)
    if outcome in _FOR_A_PERSON or attempt >= max_attempts:
        return Decision("fail", why=why)
    return Decision("again", delay=pause_after(attempt), why=why)


def pause_after(attempt: int) -> float:
    """Return how long a task rests after so many failed attempts: it doubles, up to a limit."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (max(1, attempt) - 1))
