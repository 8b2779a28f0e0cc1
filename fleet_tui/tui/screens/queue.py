"""The whole queue: counts, workers, what holds it up, and every task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from fleet_tui.model.queue_view import PROMISE, QueueView
from fleet_tui.tui import fmt, queue_looks
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.panes.queue import ABSENT, COLUMNS, TaskRows, note_of, show_tasks
from fleet_tui.tui.safe import content
from fleet_tui.tui.screens.table_page import TablePage
from fleet_tui.tui.widgets.facts import Facts, fact
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.widget import Widget

    from fleet_tui.model.queue_view import WorkerRow
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store
    from fleet_tui.tui.widgets.facts import Fact

LABEL = 9
WORKERS_SHOWN = 6


class QueueScreen(TablePage):
    """`enter` opens a task; marks make an order one of many."""

    place = "tasks"
    BINDINGS = bindings_for("tasks", "list", "back")
    DEFAULT_CSS = """
    QueueScreen #queue-facts { height: auto; max-height: 40%; padding: 0 1; }
    """

    def __init__(self, app: FleetApp) -> None:
        self.rows = TaskRows()
        table = LineTable(self.rows, COLUMNS, can_mark=True, empty=ABSENT, id="all-tasks")
        super().__init__(app, "queue", table)
        self.facts = Facts(id="queue-facts")

    def above(self) -> Sequence[Widget]:
        """Return what is known of the queue."""
        return (self.facts,)

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show the newest picture."""
        show_tasks(self.rows, self.table, store, dirty, now)
        view = self.rows.view
        if view is None or not (dirty.parts or dirty.numbers):
            return
        self.facts.show(_facts(view))
        self.entitle(queue_looks.title_of(view) or "no tasks")
        note, style = note_of(view)
        self.box.border_subtitle = content(note, style)
        self.show_hints()

    @on(LineTable.Opened)
    def _clicked(self, event: LineTable.Opened) -> None:
        event.stop()
        self.fleet_app.perform("queue.open")


def _facts(view: QueueView) -> Iterator[Fact]:
    yield _fact("queue", view.place, "")
    yield _fact("promise", PROMISE, "$fleet-muted")
    for why in view.stalled:
        yield _fact("waits", why, "$fleet-wait")
    for weakness in view.weaknesses:
        yield _fact("lacks", weakness, "$fleet-wait")
    for worker in view.workers[:WORKERS_SHOWN]:
        text, style = _worker(worker)
        yield _fact("worker", text, style)
    more = len(view.workers) - WORKERS_SHOWN
    if more > 0:
        yield _fact("", f"and {fmt.some(more, 'more worker')}", "$fleet-muted")
    if not view.workers:
        yield _fact("worker", "none has shown life", "$fleet-wait")


def _fact(label: str, text: str, style: str) -> Fact:
    return fact(label, text, style, width=LABEL)


def _worker(worker: WorkerRow) -> tuple[str, str]:
    look = queue_looks.PULSES[worker.state]
    holds = f" · holds {', '.join(worker.doing)}" if worker.doing else " · idle"
    labels = f" · {' '.join(worker.labels)}" if worker.labels else ""
    state = look.word
    role = look.role
    if worker.is_paused:
        state, role = "paused", "wait"
    elif worker.resting:
        state, role = f"rests: {worker.resting}", "wait"
    busy = f"{len(worker.doing)}/{worker.slots}"
    return f"{look.glyph} {worker.name} {busy} · {state}{holds}{labels}", f"$fleet-{role}"
