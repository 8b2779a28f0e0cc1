"""What follows from how the runs of a start ended: pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.journal.parked import LIMITS
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.health.daemons_book import Start
    from fleet_tui.model.daemons_view import DutyKind, StartOutcome
    from fleet_tui.model.run import Run

TOLD_AFTER: Mapping[DutyKind, int] = {"daemon": 2, "schedule": 1}
"""Failures in a row after which a person is told: a schedule comes around too rarely to wait."""
SAID = 160
ALERT = 500
_ALERT = re.compile(r"[\W_]*ALERT(?![A-Za-z0-9])")


def ended(
    start: Start,
    runs: Sequence[Run],
    paid: Sequence[Run],
    answers: Mapping[str, str],
    now: float,
) -> Start:
    """Return a start with how it ended; all of its runs are over.

    `paid` are the runs that cost something: beside `runs` those which a limit ended before them.
    """
    good = [run for run in runs if run.state == "succeeded"]
    bad = [run for run in runs if run.state != "succeeded"]
    costs = [run.cost_usd for run in paid if run.cost_usd is not None]
    unknown = [run for run in paid if run.cost_usd is None and run.started_at is not None]
    return replace(
        start,
        ended_at=now,
        outcome=_outcome(bad),
        said=_why(bad, len(good)) if bad else _first_words(runs, answers),
        succeeded=len(good),
        runs=len(runs),
        cost_usd=sum(costs) if costs else None,
        cost_is_complete=not [run for run in unknown if run.agent != "shell"],
    )


def not_made(start: Start, outcome: StartOutcome, why: str, now: float) -> Start:
    """Return a start that nothing came of."""
    return replace(start, ended_at=now, outcome=outcome, said=one_line(why, SAID))


def failures_after(before: int, outcome: StartOutcome) -> int:
    """Return how many starts in a row have failed; what a person or a crash ended says nothing."""
    if outcome == "ok":
        return 0
    return before + 1 if outcome in ("failed", "refused") else before


def rests_until(runs: Sequence[Run], now: float) -> float | None:
    """Return when the limit is over that ended one of these runs; None when there was none."""
    ends = [run.resets_at for run in runs if run.outcome in LIMITS and run.resets_at is not None]
    return max((end for end in ends if end > now), default=None)


def alert_of(answer: str) -> str:
    """Return an answer whose first word is ALERT as one line; empty for any other."""
    line = one_line(answer, ALERT)
    found = _ALERT.match(line)
    return line[line.index("ALERT") :] if found else ""


def _outcome(bad: Sequence[Run]) -> StartOutcome:
    if not bad:
        return "ok"
    if all(run.state == "cancelled" for run in bad):
        return "cancelled"
    return "refused" if all(run.outcome == "refused" for run in bad) else "failed"


def _why(bad: Sequence[Run], good: int) -> str:
    first = bad[0]
    why = one_line(first.reason, 100) or first.outcome or first.state
    count = f"{good} of {good + len(bad)} succeeded; " if good + len(bad) > 1 else ""
    return one_line(f"{count}{first.host}: {why}", SAID)


def _first_words(runs: Sequence[Run], answers: Mapping[str, str]) -> str:
    """Return the first line of the answer that most needs a look: an alert before all others."""
    said = [answers.get(run.id, "") for run in runs]
    chosen = next((text for text in said if alert_of(text)), next(iter(said), ""))
    return one_line(chosen.strip().partition("\n")[0], SAID)
