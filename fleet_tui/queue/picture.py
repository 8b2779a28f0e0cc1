"""The queue as a picture for faces: rows with ages, costs and runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.queue_view import TaskRow, WorkerRow
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fleet_tui.model.run import Run
    from fleet_tui.model.task import Beat, StoredResult, TaskEntry
    from fleet_tui.queue.store import TaskStore

RESULTS_AT_ONCE = 100
"""Results that are read for one picture; the rest follow with the next ones."""


class Ages:
    """How old a state is, without comparing our clock with the store's.

    Two times of the store are compared with each other, and the newest of them with the moment at
    which we saw it first.
    """

    def __init__(self, *, is_same_clock: bool) -> None:
        self._is_same_clock = is_same_clock
        self._newest: float | None = None
        self._seen_at = 0.0

    def take(self, entries: Sequence[TaskEntry], monotonic: float, wall: float) -> None:
        """Learn the newest change of the store."""
        newest = max((e.changed_at for e in entries if e.changed_at is not None), default=None)
        if newest is None or (self._newest is not None and newest <= self._newest):
            return
        was_before = self._newest is None and self._is_same_clock
        self._seen_at = monotonic - (max(0.0, wall - newest) if was_before else 0.0)
        self._newest = newest

    def of(self, entry: TaskEntry, monotonic: float) -> float | None:
        """Return an age in seconds; where the store's clock is another one, at least so much."""
        if entry.changed_at is None or self._newest is None:
            return None
        return max(0.0, self._newest - entry.changed_at) + max(0.0, monotonic - self._seen_at)


class Results:
    """The results that rows need, each read once."""

    def __init__(self, store: TaskStore) -> None:
        self._store = store
        self._known: dict[str, tuple[float | None, StoredResult | None]] = {}

    def get(self, entry: TaskEntry) -> StoredResult | None:
        """Return the result of an ended task, as far as it was read."""
        return self._known.get(entry.name, (None, None))[1]

    async def read(self, entries: Sequence[TaskEntry]) -> None:
        """Read those that are new; raises QueueError."""
        ended = [entry for entry in entries if entry.state in ("done", "failed", "cancelled")]
        names = {entry.name for entry in ended}
        for name in [name for name in self._known if name not in names]:
            del self._known[name]
        new = [e for e in ended if self._known.get(e.name, (-1.0, None))[0] != e.changed_at]
        for entry in new[:RESULTS_AT_ONCE]:
            found = await self._store.results(entry.name)
            self._known[entry.name] = (entry.changed_at, found[0] if found else None)


def task_row(
    entry: TaskEntry,
    age: float | None,
    stored: StoredResult | None,
    run: str,
    get_run: Callable[[str], Run | None],
) -> TaskRow:
    """Return one row; `run` is the one of ours that carries the task out, if any."""
    result = stored.result if stored else None
    if not run and result is not None and result.run and get_run(result.run) is not None:
        run = result.run
    owner = entry.owner.host if entry.owner else (result.host if result else "")
    return TaskRow(
        name=entry.name,
        state=entry.state,
        title=one_line(entry.title, 200),
        age=age,
        priority=entry.priority,
        owner=one_line(owner, 80),
        attempt=entry.attempt or (result.attempt if result else 0),
        cost_usd=result.cost_usd if result else None,
        run=run,
        outcome=result.outcome if result else None,
        is_signed=entry.is_signed,
        waits=one_line(entry.waits, 120),
        reason=one_line(entry.reason or (result.reason if result else ""), 300),
        tags=entry.options.tags,
        silent_for=entry.seen_for if entry.state == "running" else None,
    )


def worker_rows(
    beats: Sequence[Beat], ours: Sequence[WorkerRow], states: Mapping[str, str]
) -> tuple[WorkerRow, ...]:
    """Return our own workers as they are, and the others as they beat."""
    rows = {row.name: row for row in ours}
    for beat in beats:
        if beat.kind == "worker" and beat.name not in rows:
            rows[beat.name] = WorkerRow(
                beat.name,
                beat.host or beat.name,
                state=states.get(beat.name, "fresh"),  # type: ignore[arg-type]
                doing=beat.doing,
                labels=beat.labels,
                slots=beat.slots,
                is_paused=beat.is_paused,
            )
    return tuple(rows[name] for name in sorted(rows))
