"""The queue pane: the tasks of the shared queue, what became of them, and why some wait."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.queue_view import PROMISE, QueueView
from fleet_tui.tui import fmt, queue_looks
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.panes.table_pane import TablePane
from fleet_tui.tui.safe import clean, short
from fleet_tui.tui.widgets.columns import Column
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.model.queue_view import TaskRow
    from fleet_tui.model.snapshot import RunView
    from fleet_tui.tui.store import Dirty, Store
    from fleet_tui.tui.widgets.paint import Span

COLUMNS = (
    Column("state", "state", 11),
    Column("task", "task", 14, is_flexible=True, most=60),
    Column("age", "age", 4, is_right=True),
    Column("owner", "owner", 8, is_flexible=True, most=16, drop=1),
    Column("try", "try", 3, is_right=True, drop=3),
    Column("cost", "cost", 6, is_right=True, drop=2),
    Column("why", "why", 12, is_flexible=True, most=60, drop=4),
    Column("name", "name", 18, is_flexible=True, most=44, drop=5),
)
EMPTY = "No tasks; n writes one."
ABSENT = "fleet.toml has no [queue]: tasks would be listed here."
ORDER = tuple(queue_looks.TASKS)


class TaskRows:
    """The rows of a table of tasks: what runs first, then what waits, in the queue's order."""

    def __init__(self) -> None:
        self.view: QueueView | None = None
        self.runs: Mapping[str, RunView] = {}
        self.now = 0.0
        self._rows: dict[str, TaskRow] = {}

    def take(self, view: QueueView) -> None:
        """Take a newer picture."""
        self.view = view
        place = {state: number for number, state in enumerate(ORDER)}
        ranked = sorted(enumerate(view.rows), key=lambda pair: (place[pair[1].state], pair[0]))
        self._rows = {row.name: row for _, row in ranked}

    def row(self, key: str) -> TaskRow | None:
        """Return a task."""
        return self._rows.get(key)

    def ids(self) -> Sequence[str]:
        """Return the tasks' names."""
        return list(self._rows)

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return a task's cells."""
        row = self._rows[key]
        look = queue_looks.task_look(row)
        age, cost = self._age(row), self._cost(row)
        signed = [("✎ ", "muted")] if row.is_signed else []
        return {
            "state": [(f"{look.glyph} {look.word}", look.role)],
            "task": [*signed, (short(row.title or row.name, 200), "")],
            "age": [("" if age is None else fmt.age(age), "muted")],
            "owner": [(clean(row.owner), "muted")],
            "try": [(str(row.attempt) if row.attempt > 1 else "", "wait")],
            "cost": [("" if cost is None else fmt.money(cost), "")],
            "why": [(short(row.waits or row.reason, 200), "muted")],
            "name": [(clean(row.name), "faint")],
        }

    def sort_value(self, key: str, column: str) -> float | str | None:
        """Return what a task's cell is ordered by."""
        row = self._rows[key]
        if column == "age":
            return self._age(row)
        if column == "cost":
            cost = self._cost(row)
            return None if cost is None else -cost
        return "".join(text for text, _ in self.cells(key)[column])

    def search_text(self, key: str) -> str:
        """Return what the filter looks at."""
        row = self._rows[key]
        words = (row.name, row.state, row.title, row.owner, row.reason, row.waits, *row.tags)
        return " ".join(words)

    def _age(self, row: TaskRow) -> float | None:
        if row.age is None or self.view is None:
            return None
        return row.age + max(0.0, self.now - self.view.made_at)

    def _cost(self, row: TaskRow) -> float | None:
        live = self.runs.get(row.run)
        return row.cost_usd if live is None or row.cost_usd is not None else live.run.cost_usd


class QueuePane(TablePane):
    """All tasks."""

    place = "queue"
    number = 2
    BINDINGS = bindings_for("queue", "tasks", "list")

    def __init__(self) -> None:
        self.rows = TaskRows()
        table = LineTable(self.rows, COLUMNS, can_mark=True, empty=ABSENT, id="queue-table")
        super().__init__(table)

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show a newer picture at once, ages and costs when they may move."""
        show_tasks(self.rows, self.table, store, dirty, now)
        view = self.rows.view
        if view is not None and QueueView in dirty.parts:
            self.set_title(queue_looks.title_of(view))
            self.set_subtitle(*note_of(view))


def show_tasks(rows: TaskRows, table: LineTable, store: Store, dirty: Dirty, now: float) -> None:
    """Bring a table of tasks up to date."""
    rows.now, rows.runs = now, store.runs
    view = store.part(QueueView)
    if view is not None and view is not rows.view:
        rows.take(view)
        table.empty = view.problem or EMPTY
        table.reload()
    elif dirty.numbers:
        table.refresh_changed()


def note_of(view: QueueView) -> tuple[str, str]:
    """Return the line under the tasks: what is wrong, what waits and why, or the promise."""
    if view.problem:
        return view.problem, "$fleet-bad"
    if view.is_paused:
        by = f" by {clean(view.paused_by)}" if view.paused_by else ""
        since = f", {clean(view.paused_since)[5:16].replace('T', ' ')}" if view.paused_since else ""
        return f"paused{by}{since} · c ends it", "$fleet-wait"
    if view.stalled:
        return view.stalled[0], "$fleet-wait"
    return PROMISE, "$fleet-faint"
