"""What was dispatched before, newest first."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical

from fleet_tui.tui import fmt, states
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import clean, content
from fleet_tui.tui.safe import short as one_line
from fleet_tui.tui.screens.page import Page
from fleet_tui.tui.widgets.columns import Column
from fleet_tui.tui.widgets.filtered_table import FilteredTable
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.app import ComposeResult

    from fleet_tui.model.snapshot import DispatchView
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store
    from fleet_tui.tui.widgets.paint import Span

COLUMNS = (
    Column("when", "when", 8),
    Column("state", "runs", 24, is_flexible=True, most=44),
    Column("target", "target", 12, is_flexible=True, most=28, drop=2),
    Column("mode", "mode", 12, drop=3),
    Column("cost", "cost", 7, is_right=True, drop=1),
    Column("prompt", "prompt", 16, is_flexible=True),
)


class DispatchRows:
    """The rows of the history."""

    def __init__(self, app: FleetApp) -> None:
        self._app = app
        self.views: dict[str, DispatchView] = {}

    def ids(self) -> Sequence[str]:
        """Return the dispatches' ids, newest first."""
        return list(self.views)

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return a dispatch's cells."""
        view = self.views[key]
        dispatch = view.dispatch
        runs = [self._app.store.runs[i] for i in view.run_ids if i in self._app.store.runs]
        costs = [run.run.cost_usd for run in runs if run.run.cost_usd is not None]
        ago = fmt.age(self._app.clock.time() - dispatch.created_at)
        return {
            "when": [(f"{ago} ago", "muted")],
            "state": self._state(view),
            "target": [(clean(dispatch.target), "")],
            "mode": [(dispatch.mode, "wait" if dispatch.mode == "unrestricted" else "muted")],
            "cost": [(fmt.money(sum(costs)) if costs else "", "")],
            "prompt": [(one_line(dispatch.prompt, 300), "")],
        }

    def _state(self, view: DispatchView) -> list[Span]:
        known = [self._app.store.runs[i] for i in view.run_ids if i in self._app.store.runs]
        if not known:
            return [(fmt.some(len(view.run_ids), "run"), "muted")]
        counts = Counter(
            states.ON_ITS_OWN if states.is_on_its_own(run) else states.RUNS[run.run.state]
            for run in known
        )
        return [
            (f"{look.glyph} {counts[look]} {look.word}  ", look.role)
            for look in (states.ON_ITS_OWN, *states.RUNS.values())
            if look in counts
        ]

    def sort_value(self, key: str, column: str) -> float | str | None:
        """Return what a dispatch's cell is ordered by; of states the one with most runs open."""
        dispatch = self.views[key].dispatch
        if column == "when":
            return -dispatch.created_at
        if column == "state":
            known = (self._app.store.runs.get(i) for i in self.views[key].run_ids)
            return -sum(view is not None and view.run.is_open for view in known)
        return "".join(text for text, _ in self.cells(key)[column])

    def search_text(self, key: str) -> str:
        """Return what the filter looks at."""
        dispatch = self.views[key].dispatch
        return f"{dispatch.id} {dispatch.target} {dispatch.mode} {dispatch.prompt}"


class RunsScreen(Page):
    """`enter` shows a dispatch again in the output pane."""

    place = "runs"
    BINDINGS = bindings_for("runs", "list", "back")

    def __init__(self, app: FleetApp) -> None:
        super().__init__(app, "runs")
        self.rows = DispatchRows(app)
        self.table = LineTable(
            self.rows,
            COLUMNS,
            can_mark=True,
            empty="Nothing was dispatched yet.",
            id="runs-table",
        )
        self._box = Vertical(classes="body")

    def compose(self) -> ComposeResult:
        """Yield the table."""
        yield self.crumbs
        with self._box:
            yield FilteredTable(self.table)
        yield self.hints

    def on_mount(self) -> None:
        """Read the history."""
        self.set_focus(self.table)
        self.reload()

    def reload(self) -> None:
        """Ask for the history again."""
        self.fleet_app.ask(self.fleet_app.control.recent(500), self._show_views)

    def _show_views(self, views: tuple[DispatchView, ...]) -> None:
        self.rows.views = {view.dispatch.id: view for view in views}
        self._box.border_title = content(fmt.some(len(views), "dispatch", "dispatches"))
        self.table.reload()
        self.show_hints()

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show runs that came or changed."""
        if self.table.order is not None and dirty.numbers:
            self.table.reload()
        elif dirty.runs or dirty.numbers:
            self.table.refresh()

    def open_row(self) -> None:
        """Load the dispatch and show it."""
        key = self.table.cursor_key
        if key is not None:
            self.fleet_app.ask(self.fleet_app.control.open_dispatch(key), self._opened)

    def _opened(self, view: DispatchView) -> None:
        app = self.fleet_app
        if app.screen is self:
            app.pop_screen()
        app.frames.tick()
        app.main.show_dispatch(view.dispatch.id)
        app.main.focus_pane("output")

    @on(LineTable.Opened)
    def _clicked(self, event: LineTable.Opened) -> None:
        event.stop()
        self.open_row()
