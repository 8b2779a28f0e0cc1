"""The output pane: the runs of one dispatch and what they say, merged or one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from fleet_tui.model.ids import short
from fleet_tui.tui import fmt, roles, states
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.panes.pane import Pane
from fleet_tui.tui.safe import clean
from fleet_tui.tui.safe import short as one_line
from fleet_tui.tui.widgets.log_blocks import BlockRows
from fleet_tui.tui.widgets.log_pane import LogPane
from fleet_tui.tui.widgets.log_rows import FixedRows, LaterRows, MergedRows, Row, RunRows
from fleet_tui.tui.widgets.log_view import LogView
from fleet_tui.tui.widgets.run_strip import RunStrip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from fleet_tui.model.control import FleetControl
    from fleet_tui.model.snapshot import RunView
    from fleet_tui.tui.store import Dirty, Store
    from fleet_tui.tui.widgets.log_rows import RowSource

EMPTY = "Nothing was dispatched yet. Press d to send a prompt to some hosts."
SILENT = "There is no output."


class OutputPane(Pane):
    """Shows one dispatch at a time."""

    place = "output"
    number = 5
    BINDINGS = bindings_for("output", "run", "machine", "lines")

    def __init__(self, control: FleetControl, clock_time: Callable[[float], str]) -> None:
        super().__init__(id="output")
        self._control = control
        self._clock_time = clock_time
        self.dispatch_id: str | None = None
        self.chosen: int | None = None
        """Position of the one run shown; None for all, merged."""
        self.is_in_blocks = False
        """Whether all runs are shown one after the other instead of merged by time."""
        self.since: float | None = None
        """Unix seconds from which on lines are shown; None for all."""
        self.since_span = ""
        """How long ago that was when it was chosen."""
        self.marks: set[str] = set()
        """Ids of the marked runs of this dispatch."""
        self.strip = RunStrip()
        self.log_pane = LogPane(LogView(clock_time, empty=EMPTY, id="output-log"))
        self._store: Store | None = None
        self._now = 0.0
        self._title = ""
        self._shown_runs: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        """Yield the strip of runs and the log."""
        yield self.strip
        yield self.log_pane

    @property
    def view(self) -> LogView:
        """Return the log view."""
        return self.log_pane.view

    def take_focus(self) -> None:
        """Focus the log."""
        self.screen.set_focus(self.view)

    @property
    def runs(self) -> Sequence[RunView]:
        """Return the runs of the dispatch shown."""
        return self._store.runs_of(self.dispatch_id) if self._store else ()

    def subject(self) -> list[RunView]:
        """Return what an action is about: the marked runs, else the chosen, else every run."""
        runs = self.runs
        if self.marks:
            return [view for view in runs if view.run.id in self.marks]
        if self.chosen is not None and self.chosen < len(runs):
            return [runs[self.chosen]]
        return list(runs)

    def show_dispatch(self, dispatch_id: str | None) -> None:
        """Show another dispatch, all its runs merged."""
        self.dispatch_id = dispatch_id
        self._shown_runs = ()
        self.marks.clear()
        self.since, self.since_span = None, ""
        self.choose(None)

    def choose(self, run: int | None) -> None:
        """Show one run, or all."""
        self.chosen = run
        self._open_source()
        self._show_strip()

    def show_blocks(self, *, in_blocks: bool) -> None:
        """Show all runs merged by time, or one block a run."""
        self.is_in_blocks = in_blocks
        self.choose(None)

    def show_since(self, span: str, since: float | None) -> None:
        """Show only what arrived from this moment (Unix seconds) on; None for everything."""
        self.since, self.since_span = since, span
        self._open_source()

    def choose_host(self, pattern: str) -> bool:
        """Show the first run whose host's name contains `pattern`; False when there is none."""
        needle = pattern.rstrip("*").casefold()
        for position, view in enumerate(self.runs):
            if needle in view.run.host.casefold():
                self.choose(position)
                return True
        return False

    def toggle_mark(self) -> None:
        """Mark or unmark the chosen run; with all runs shown, unmark every one."""
        runs = self.runs
        if self.chosen is None or self.chosen >= len(runs):
            self.marks.clear()
        else:
            self.marks ^= {runs[self.chosen].run.id}
        self._show_strip()

    def step_run(self, direction: int) -> None:
        """Choose the next or previous run; before the first and after the last are all."""
        count = len(self.runs)
        place = -1 if self.chosen is None else self.chosen
        place = (place + 1 + direction) % (count + 1) - 1
        self.choose(None if place < 0 else place)

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show new lines at once, stopwatches when numbers may move."""
        self._store, self._now = store, now
        view = store.dispatches.get(self.dispatch_id or "")
        mine = set(view.run_ids) if view else set()
        if view is not None and self._shown_runs != tuple(v.run.id for v in self.runs):
            self._open_source()
        elif mine & dirty.lines or mine & dirty.runs:
            self.log_pane.sync(self._tails())
        if mine & dirty.runs or dirty.numbers or (self.dispatch_id or "") in dirty.dispatches:
            self._show_strip()

    def _open_source(self) -> None:
        runs = self.runs
        ids = tuple(view.run.id for view in runs)
        is_new, self._shown_runs = ids != self._shown_runs, ids
        view = self._store.dispatches.get(self.dispatch_id or "") if self._store else None
        self.view.empty = EMPTY if view is None else SILENT
        if self.dispatch_id is None or view is None or len(runs) < len(view.run_ids):
            self.log_pane.show_source(FixedRows(()))
            return
        source, is_merged = self._arranged(runs, self.dispatch_id)
        names = [v.run.host for v in runs]
        gutter = [(clean(name), roles.host_hue(name)) for name in names] if is_merged else []
        if is_new:
            self.log_pane.show_source(source, gutter, names)
        else:
            self.log_pane.swap_source(source, gutter)
        self.log_pane.sync(self._tails())

    def _arranged(self, runs: Sequence[RunView], dispatch: str) -> tuple[RowSource, bool]:
        """Return the rows to show, and whether lines of several runs are mixed in them."""
        timeline = self._control.timeline(dispatch)

        def alone(run: int) -> RowSource:
            rows = RunRows(self._control.lines(runs[run].run.id), run, timeline)
            if self.since is None:
                return rows
            return LaterRows(rows, timeline.line_since(run, self.since))

        if self.chosen is not None and self.chosen < len(runs):
            return alone(self.chosen), False
        if self.is_in_blocks:
            return BlockRows([alone(run) for run in range(len(runs))], self._block_title), False
        rows = MergedRows(timeline, [self._control.lines(view.run.id) for view in runs])
        if self.since is None:
            return rows, True
        return LaterRows(rows, timeline.row_since(self.since)), True

    def _block_title(self, run: int) -> str:
        runs = self.runs
        if run >= len(runs):
            return ""
        view = runs[run]
        return f"{view.run.host} · {states.run_look(view).word}"

    def _tails(self) -> list[Row]:
        chosen = self.chosen
        if self.is_in_blocks and chosen is None:
            return []
        return [
            Row(position, view.tail.tag, view.tail.text)
            for position, view in enumerate(self.runs)
            if view.tail is not None and chosen in (None, position)
        ]

    def _show_strip(self) -> None:
        store = self._store
        view = store.dispatches.get(self.dispatch_id or "") if store else None
        room = max(3, self.size.height // 3)
        self.strip.show(view, self.runs, self.chosen, self.marks, self._now, room)
        title = ""
        if view is not None:
            d = view.dispatch
            title = f"{short(d.id)} · {clean(d.target)} · {one_line(d.prompt, 120)}"
        if title != self._title:
            self._title = title
            self.set_title(fmt.clip(title, max(10, self.size.width - 16)).rstrip())

    def on_resize(self) -> None:
        """Fit the title and the number of runs shown to the new size."""
        self._title = ""
        self._show_strip()

    @on(RunStrip.Chosen)
    def _clicked(self, event: RunStrip.Chosen) -> None:
        event.stop()
        self.choose(event.run)

    @on(LogView.Moved)
    def _moved(self, event: LogView.Moved) -> None:
        event.stop()
        view = self.view
        notes = [self.log_pane.search_status()]
        if self.since is not None:
            notes.append(f"since {self._clock_time(self.since)}")
        if self.is_in_blocks and self.chosen is None:
            notes.append("a block a run")
        if not view.is_following:
            new = view.new_rows
            notes.append(f"▼ {fmt.count(new)} new · f follows" if new else "paused · f follows")
        elif any(run.run.is_open for run in self.runs):
            notes.append("following")
        text = " · ".join(note for note in notes if note)
        attention = not view.is_following and view.new_rows
        self.set_subtitle(text, "$fleet-wait" if attention else "$fleet-muted")
