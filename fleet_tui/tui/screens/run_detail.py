"""All that is known of one run, with its output below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui import fmt, states
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.progress import seconds_of
from fleet_tui.tui.safe import short as one_line
from fleet_tui.tui.screens.lines_page import LinesPage
from fleet_tui.tui.widgets.facts import Facts, fact
from fleet_tui.tui.widgets.log_rows import FixedRows, Row, RunRows
from fleet_tui.tui.widgets.log_view import LogView

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from textual.widget import Widget

    from fleet_tui.model.run import Dispatch
    from fleet_tui.model.snapshot import RunView
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store

LABEL = 10


class RunScreen(LinesPage):
    """What was asked, of whom, by whom, how it stands and what it cost; and every line it wrote."""

    place = "detail"
    BINDINGS = bindings_for("detail", "run", "machine", "lines", "back")
    DEFAULT_CSS = """
    RunScreen #run-facts { height: auto; max-height: 50%; padding: 0 1; overflow-y: auto; }
    """

    def __init__(self, app: FleetApp, run_id: str) -> None:
        self.run_id = run_id
        self.host_name = app.store.runs[run_id].run.host
        view = LogView(app.clock_time, empty="It has said nothing.", id="run-log")
        super().__init__(app, f"hosts / {self.host_name} / {run_id}", view)
        self.facts = Facts(id="run-facts")
        self.entitle("output")

    def above(self) -> Sequence[Widget]:
        """Return what is known of the run."""
        return (self.facts,)

    def on_mount(self) -> None:
        """Begin in the output."""
        try:
            source = RunRows(self.fleet_app.control.lines(self.run_id))
        except KeyError:
            self.log_pane.show_source(FixedRows(()))
        else:
            self.log_pane.show_source(source)

    @property
    def run_at_cursor(self) -> RunView | None:
        """Return the run."""
        return self.fleet_app.store.runs.get(self.run_id)

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show the newest picture of the run."""
        view = store.runs.get(self.run_id)
        if view is None:
            return
        if self.run_id in dirty.lines or self.run_id in dirty.runs or dirty.fleet:
            tail = [Row(-1, view.tail.tag, view.tail.text)] if view.tail is not None else []
            self.log_pane.sync(tail)
        if dirty.numbers or self.run_id in dirty.runs:
            dispatch = store.dispatches.get(view.run.dispatch)
            known = run_facts(view, dispatch.dispatch if dispatch else None, now, self.fleet_app)
            self.facts.show(fact(label, text, style, width=LABEL) for label, text, style in known)
            self.show_hints()

    def open_row(self) -> None:
        """Show the run beside the others of its dispatch."""
        view = self.run_at_cursor
        if view is not None:
            app = self.fleet_app
            while app.screen is not app.main:
                app.pop_screen()
            app.main.show_run(view.run.dispatch, view.run.id)


def run_facts(
    view: RunView, dispatch: Dispatch | None, now: float, app: FleetApp
) -> Iterator[tuple[str, str, str]]:
    """Yield (label, text, style) of everything known of a run; what is unknown is left out."""
    run, look = view.run, states.run_look(view)
    lost = states.lost_contact(view, now) or states.goes_on(view, now)
    state = " · ".join(filter(None, (look.word, _outcome(view), view.doing, lost)))
    yield "state", f"{look.glyph} {state}", f"$fleet-{look.role}"
    if run.reason:
        yield "reason", run.reason, ""
    if run.mend:
        yield "mend", run.mend, "bold"
    if dispatch is not None:
        yield "prompt", one_line(dispatch.prompt, 500), ""
        yield "asked by", f"{dispatch.by} · {dispatch.origin} · epoch {dispatch.epoch}", ""
        yield "target", f"{dispatch.target} · {dispatch.id}", ""
    if run.agent == "shell":
        yield "agent", "none: a plain command of the shell", ""
    else:
        yield "agent", " · ".join(filter(None, (run.agent, run.model, f"mode {run.mode}"))), ""
    if run.session:
        yield "session", run.session, ""
    yield "time", _times(view, now, app), ""
    cap = f" of at most {fmt.money(run.budget_usd)}" if run.budget_usd is not None else ""
    known = "not known" if run.cost_usd is None else fmt.money(run.cost_usd)
    priced = f", reckoned with prices of {run.priced_as_of}" if run.priced_as_of else ""
    yield "cost", known + cap + priced, ""
    size = f"{fmt.some(view.lines, 'line')} · {run.out_bytes:,} bytes out"
    yield "output", size + (f" · {run.err_bytes:,} bytes err" if run.err_bytes else ""), ""
    for question in view.questions:
        yield "asks", one_line(question.text, 300), "$fleet-wait"


def _outcome(view: RunView) -> str:
    run = view.run
    ended: list[str] = []
    if run.outcome and run.outcome not in ("ok", "error"):
        ended.append(run.outcome)
    if run.exit_signal:
        ended.append(f"signal {run.exit_signal}")
    elif run.exit_status is not None:
        ended.append(f"exit status {run.exit_status}")
    return ", ".join(ended)


def _times(view: RunView, now: float, app: FleetApp) -> str:
    run = view.run
    parts = [f"asked for at {app.clock_time(run.created_at)}"]
    if run.started_at is not None:
        parts.append(f"started {app.clock_time(run.started_at)}")
    if run.finished_at is not None:
        parts.append(f"ended {app.clock_time(run.finished_at)}")
    seconds = seconds_of(view, now)
    if seconds is not None:
        parts.append(f"took {fmt.elapsed(seconds)}")
    return " · ".join(parts)
