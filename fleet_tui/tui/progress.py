"""How far a dispatch is, as one line."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fleet_tui.tui import fmt
from fleet_tui.tui.states import is_on_its_own

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.run import RunState
    from fleet_tui.model.snapshot import DispatchView, RunView
    from fleet_tui.tui.widgets.paint import Span

BAR_CELLS = 10
WRONG: tuple[RunState, ...] = ("failed", "timed-out", "lost", "cancelled")


def seconds_of(view: RunView, now: float) -> float | None:
    """Return how long a run has run or ran; None before its start."""
    run = view.run
    if run.started_at is None:
        return None
    return (run.finished_at if run.finished_at is not None else now) - run.started_at


def progress_spans(dispatch: DispatchView, runs: Sequence[RunView], now: float) -> list[Span]:
    """Return `━━━━━━──── 3/5 done · 1 failed · $0.12 · 00:42`."""
    states = Counter(view.run.state for view in runs)
    closed = sum(not view.run.is_open for view in runs)
    total = len(dispatch.run_ids)
    filled = BAR_CELLS * closed // total if total else 0
    spans: list[Span] = [
        ("━" * filled, "ok" if not any(states[w] for w in WRONG) else "wait"),
        ("─" * (BAR_CELLS - filled), "faint"),
        (f" {closed}/{total} done", "*"),
    ]
    for word in WRONG:
        if states[word]:
            role = "muted" if word == "cancelled" else "bad"
            spans.append((f" · {states[word]} {word.replace('-', ' ')}", role))
    alone = sum(is_on_its_own(view) for view in runs)
    if alone:
        spans.append((f" · {alone} on {'its' if alone == 1 else 'their'} own", "wait"))
    asked = sum(len(view.questions) for view in runs if view.run.is_open)
    if asked:
        spans.append((f" · {fmt.some(asked, 'question')}", "wait"))
    known = [v.run.cost_usd for v in runs if v.run.cost_usd is not None]
    if known:
        spans.append((f" · {fmt.money(sum(known))}", ""))
    finished = dispatch.dispatch.finished_at
    span = (finished if finished is not None else now) - dispatch.dispatch.created_at
    spans.append((f" · {fmt.elapsed(span)}", "muted"))
    return spans
