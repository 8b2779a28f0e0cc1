"""One task: what it asks, whose signature it has, its tries, and its result or live output."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from fleet_tui.model.queue_view import QueueView
from fleet_tui.tui import fmt, queue_looks
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import clean, content
from fleet_tui.tui.screens.lines_page import LinesPage
from fleet_tui.tui.widgets.log_rows import FixedRows, RunRows
from fleet_tui.tui.widgets.log_view import LogView

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.widget import Widget

    from fleet_tui.model.errors import FleetError
    from fleet_tui.model.queue_view import AttemptView, TaskDetail
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store
    from fleet_tui.tui.widgets.log_rows import FixedLine

LABEL = 11
ATTEMPTS_SHOWN = 4


class TaskScreen(LinesPage):
    """Follows its task: what runs is shown live, what has ended with its result."""

    place = "task"
    BINDINGS = bindings_for("task", "lines", "back")
    DEFAULT_CSS = """
    TaskScreen #task-facts { height: auto; max-height: 45%; padding: 0 1; }
    """

    def __init__(self, app: FleetApp, name: str) -> None:
        view = LogView(app.clock_time, empty="Nothing yet.", id="task-output")
        super().__init__(app, f"queue / {name}", view)
        self.task_name = name
        self.detail: TaskDetail | None = None
        self.facts = Static("", id="task-facts", markup=False)
        self._shown: tuple[str, str, int] | None = None
        self._wants_text = False
        self._live_run = ""

    def above(self) -> Sequence[Widget]:
        """Return what is known of the task."""
        return (self.facts,)

    def on_mount(self) -> None:
        """Ask for everything."""
        self.reload()

    def reload(self) -> None:
        """Ask the core for the task again."""
        app = self.fleet_app
        app.ask(app.control.queue.detail(self.task_name), self._take, self._failed)

    def toggle_text(self) -> None:
        """Show what was asked instead of what came of it, or the other way round."""
        self._wants_text = not self._wants_text
        self._show_body()

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Follow the task, and the run that carries it out."""
        view = store.part(QueueView)
        row = view.row(self.task_name) if view is not None else None
        if row is not None and QueueView in dirty.parts:
            mark = (row.state, row.run, row.attempt)
            if mark != self._shown:
                self._shown = mark
                self.reload()
        if self._live_run and self._live_run in dirty.lines:
            self.log_pane.sync([])
        if dirty.numbers and self.detail is not None:
            self._show_facts(self.detail)

    def _take(self, detail: TaskDetail) -> None:
        self.detail = detail
        self._show_facts(detail)
        self._show_body()
        self.show_hints()

    def _failed(self, error: FleetError) -> None:
        self.facts.update(content(str(error), "$fleet-bad"))

    def _show_facts(self, detail: TaskDetail) -> None:
        lines = []
        for label, text, style in _facts(detail):
            lead = (f"{label:<{LABEL}}", "$fleet-faint")
            lines.append(Content.assemble(lead, (clean(text), style)))
        self.facts.update(Content("\n").join(lines))

    def _show_body(self) -> None:
        detail = self.detail
        if detail is None:
            return
        self._live_run = "" if self._wants_text or detail.result else detail.live_run
        if self._live_run:
            lines = self.fleet_app.control.lines(self._live_run)
            self.log_pane.show_source(RunRows(lines))
            title = "output, live" if detail.row.state == "running" else "output of the last try"
        else:
            title, text = _text_of(detail, wants_text=self._wants_text)
            rows: list[FixedLine] = [("o", line) for line in text.splitlines()]
            self.log_pane.show_source(FixedRows(rows))
        self.entitle(title)


def _text_of(detail: TaskDetail, *, wants_text: bool) -> tuple[str, str]:
    if detail.result and not wants_text:
        return "result", detail.result
    return "the task as it stands", detail.text or detail.problem


def _facts(detail: TaskDetail) -> Iterator[tuple[str, str, str]]:
    row = detail.row
    look = queue_looks.task_look(row)
    why = row.waits or row.reason
    yield "state", f"{look.glyph} {look.word}" + (f" · {why}" if why else ""), f"$fleet-{look.role}"
    good = detail.signature.startswith(("valid", "was valid"))
    plain = detail.signature.startswith("unsigned")
    style = "$fleet-ok" if good else "$fleet-muted" if plain else "$fleet-bad"
    yield "signature", detail.signature or detail.problem, style
    options = detail.options
    if options is not None:
        asked = (
            ("for", options.host or options.group or options.target or "any worker"),
            ("needs", " ".join(options.needs)),
            ("after", ", ".join(options.depends_on)),
            ("mode", options.mode or "read"),
            ("agent", options.agent or ""),
            ("budget", fmt.money(options.budget_usd) if options.budget_usd else ""),
            ("tags", " ".join(options.tags)),
        )
        told = " · ".join(f"{label} {text}" for label, text in asked if text)
        yield "asks", f"{told} · priority {row.priority}", ""
    for attempt in detail.attempts[-ATTEMPTS_SHOWN:]:
        yield f"try {attempt.number}", _attempt(attempt), ""
    if detail.attempts:
        yield "promise", "run at least once, committed exactly once", "$fleet-faint"


def _attempt(attempt: AttemptView) -> str:
    facts = [attempt.host, attempt.state]
    if attempt.outcome and attempt.outcome != "ok":
        facts.append(attempt.outcome)
    if attempt.started_at is not None and attempt.finished_at is not None:
        facts.append(fmt.elapsed(attempt.finished_at - attempt.started_at))
    if attempt.cost_usd is not None:
        facts.append(fmt.money(attempt.cost_usd))
    if attempt.reason:
        facts.append(attempt.reason)
    if not attempt.is_here and attempt.run:
        facts.append("output is on the machine that ran it")
    return " · ".join(facts)
