"""Why pending tasks do not move, in one sentence each: a pure function of what is known."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fleet_tui.queue.fitting import why_unfit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.host import Host
    from fleet_tui.model.queue_view import WorkerRow
    from fleet_tui.model.task import TaskEntry
    from fleet_tui.queue.fitting import Ability

SHOWN = 4
"""Reasons that are told; the rarer ones are left out."""


def why_stalled(
    pending: Sequence[TaskEntry],
    workers: Sequence[tuple[WorkerRow, Ability]],
    hosts: Sequence[Host],
) -> tuple[str, ...]:
    """Say what holds pending tasks up, the weightiest first; nothing when they will be taken."""
    if not pending:
        return ()
    total = len(pending)
    if not workers:
        return (
            f"{total} pending, no worker: start one with `fleet-tui worker`,"
            " or name hosts in queue.workers",
        )
    living = [(row, ability) for row, ability in workers if row.state != "stale"]
    if not living:
        return (f"{total} pending, every worker is silent: {_names(workers)}",)
    awake = [(row, ability) for row, ability in living if not row.is_paused]
    if not awake:
        return (f"{total} pending, every worker is paused: {_names(living)}",)
    reasons: Counter[str] = Counter()
    for entry in pending:
        if entry.waits:
            reasons[f"waiting {entry.waits}"] += 1
            continue
        unfit = [why_unfit(entry.options, ability, hosts) for _, ability in awake]
        if all(unfit):
            reasons[f"no worker matches {unfit[0]}"] += 1
        elif all(why or _is_full(row) for why, (row, _) in zip(unfit, awake, strict=True)):
            resting = [row.resting for why, (row, _) in zip(unfit, awake, strict=True) if not why]
            busy = next((why for why in resting if why), "")
            reasons[f"workers rest: {busy}" if busy and all(resting) else "workers are busy"] += 1
    return tuple(f"{count} pending, {reason}" for reason, count in reasons.most_common(SHOWN))


def _is_full(row: WorkerRow) -> bool:
    return bool(row.resting) or len(row.doing) >= row.slots


def _names(workers: Sequence[tuple[WorkerRow, Ability]]) -> str:
    names = [row.name for row, _ in workers]
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
