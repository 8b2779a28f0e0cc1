"""What ran before, newest first, found by words: `host:web* state:failed since:2h some text`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from fleet_tui.model.run import mode_shown
from fleet_tui.model.run_filter import EXAMPLE
from fleet_tui.tui import fmt, states
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import clean
from fleet_tui.tui.safe import short as one_line
from fleet_tui.tui.screens.table_page import QueriedPage
from fleet_tui.tui.widgets.columns import Column
from fleet_tui.tui.widgets.queried_table import QueriedTable
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.model.history import HistoryPage, PastRun
    from fleet_tui.model.run import Run
    from fleet_tui.model.snapshot import DispatchView
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store
    from fleet_tui.tui.widgets.paint import Span

PAGE = 200
"""Runs that are fetched at a time."""
COLUMNS = (
    Column("when", "when", 8),
    Column("state", "state", 12, is_flexible=True, most=22),
    Column("host", "host", 8, is_flexible=True, most=20),
    Column("agent", "agent", 6, drop=3),
    Column("mode", "mode", 12, drop=5),
    Column("time", "took", 7, is_right=True, drop=4),
    Column("cost", "cost", 7, is_right=True, drop=2),
    Column("prompt", "prompt", 16, is_flexible=True, most=60),
    Column("answer", "answer", 16, is_flexible=True, drop=1),
)


class PastRows:
    """The rows of the history."""

    def __init__(self, app: FleetApp) -> None:
        self._app = app
        self.runs: dict[str, PastRun] = {}

    def ids(self) -> Sequence[str]:
        """Return the runs' ids, newest first."""
        return list(self.runs)

    def now(self, key: str) -> Run:
        """Return a run as it stands now."""
        live = self._app.store.runs.get(key)
        return live.run if live is not None else self.runs[key].run

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return a run's cells."""
        past, run = self.runs[key], self.now(key)
        look = states.RUNS[run.state]
        live = self._app.store.runs.get(key)
        if live is not None:
            look = states.run_look(live)
        mode = mode_shown(run.agent, run.mode)
        why = run.outcome if run.outcome not in (None, "ok", "error", "killed") else ""
        ago = fmt.age(self._app.clock.time() - run.created_at)
        seconds = _seconds(run)
        return {
            "when": [(f"{ago} ago", "muted")],
            "state": [
                (f"{look.glyph} {look.word}", look.role),
                (f" {why}" if why else "", "muted"),
            ],
            "host": [(clean(run.host), "")],
            "agent": [(run.agent, "muted")],
            "mode": [(mode, "wait" if mode == "unrestricted" else "muted")],
            "time": [("" if seconds is None else fmt.elapsed(seconds), "muted")],
            "cost": [("" if run.cost_usd is None else fmt.money(run.cost_usd), "")],
            "prompt": [(one_line(past.prompt, 300), "")],
            "answer": [(one_line(past.answer or run.reason, 300), "muted")],
        }

    def sort_value(self, key: str, column: str) -> float | str | None:
        """Return what a run's cell is ordered by."""
        run = self.now(key)
        match column:
            case "when":
                return -run.created_at
            case "time":
                return _seconds(run)
            case "cost":
                return None if run.cost_usd is None else -run.cost_usd
        return "".join(text for text, _ in self.cells(key)[column])

    def search_text(self, key: str) -> str:
        """Return what a filter looks at."""
        return f"{key} {self.runs[key].prompt}"


def _seconds(run: Run) -> float | None:
    if run.started_at is None or run.finished_at is None:
        return None
    return run.finished_at - run.started_at


class RunsScreen(QueriedPage):
    """`enter` shows a run again in the output pane; two marked ones can be compared."""

    place = "runs"
    BINDINGS = bindings_for("runs", "list", "back")

    def __init__(self, app: FleetApp, words: str = "") -> None:
        self.rows = PastRows(app)
        empty = "No run is like that." if words else "Nothing was dispatched yet."
        table = LineTable(self.rows, COLUMNS, can_mark=True, empty=empty, id="runs-table")
        found = QueriedTable(table, "/", EXAMPLE, is_live=True, query=words)
        super().__init__(app, "runs", found)
        self.first = 0
        """How many newer runs come before the ones that are shown."""
        self.has_more = False

    def on_mount(self) -> None:
        """Read the history."""
        self.reload()

    @on(QueriedTable.Asked)
    def _asked_for(self, event: QueriedTable.Asked) -> None:
        event.stop()
        self.first = 0
        self.reload()

    def turn_page(self, direction: int) -> None:
        """Show older runs (1) or newer ones (-1)."""
        self.first = max(0, self.first + direction * PAGE)
        self.reload()

    def reload(self) -> None:
        """Ask for the runs again; only the answer to the last question is shown."""
        past = self.fleet_app.control.past
        self.ask_newest(past.find(self.found.query_text, PAGE, self.first), self._show_page)

    def _show_page(self, page: HistoryPage) -> None:
        self.rows.runs = {past.run.id: past for past in page.runs}
        self.has_more = page.has_more
        words = f"{self.found.query_text} · " if self.found.query_text else ""
        last = page.first + len(page.runs)
        place = f"{page.first + 1:,}-{last:,}" if page.first or page.has_more else f"{last:,}"
        more = " and older" if page.has_more else ""
        self.entitle(f"{words}{place} runs{more}" if last != 1 else f"{words}1 run")
        self.table.reload()
        self.show_hints()

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show runs that came or changed."""
        if self.table.order is not None and dirty.numbers:
            self.table.reload()
        elif dirty.runs or dirty.numbers:
            self.table.refresh_changed()

    def open_row(self) -> None:
        """Load the run's dispatch and show the run."""
        key = self.table.cursor_key
        if key is None:
            return
        app = self.fleet_app

        def opened(view: DispatchView) -> None:
            if app.screen is self:
                app.pop_screen()
            app.frames.tick()
            app.main.show_run(view.dispatch.id, key)
            app.main.focus_pane("output")

        app.ask(app.control.open_dispatch(self.rows.runs[key].run.dispatch), opened)

    @on(LineTable.Opened)
    def _clicked(self, event: LineTable.Opened) -> None:
        event.stop()
        self.open_row()
