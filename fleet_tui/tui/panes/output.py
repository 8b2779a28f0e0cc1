"""The output pane: the runs of one dispatch and what they say, merged or one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from fleet_tui.model.ids import short
from fleet_tui.tui import fmt, roles
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.panes.pane import Pane
from fleet_tui.tui.safe import clean
from fleet_tui.tui.safe import short as one_line
from fleet_tui.tui.widgets.log_pane import LogPane
from fleet_tui.tui.widgets.log_rows import FixedRows, MergedRows, Row, RunRows
from fleet_tui.tui.widgets.log_view import LogView
from fleet_tui.tui.widgets.run_strip import RunStrip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from textual.app import ComposeResult

    from fleet_tui.model.control import FleetControl
    from fleet_tui.model.snapshot import RunView
    from fleet_tui.tui.store import Dirty, Store

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
        self.dispatch_id: str | None = None
        self.chosen: int | None = None
        """Position of the one run shown; None for all, merged."""
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
        self.choose(None)

    def choose(self, run: int | None) -> None:
        """Show one run, or all merged."""
        self.chosen = run
        self._open_source()
        self._show_strip()

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
        self._shown_runs = tuple(view.run.id for view in runs)
        view = self._store.dispatches.get(self.dispatch_id or "") if self._store else None
        self.view.empty = EMPTY if view is None else SILENT
        if self.dispatch_id is None or view is None or len(runs) < len(view.run_ids):
            self.log_pane.show_source(FixedRows(()))
            return
        gutter = [(clean(v.run.host), roles.host_hue(v.run.host)) for v in runs]
        if self.chosen is not None and self.chosen < len(runs):
            lines = self._control.lines(runs[self.chosen].run.id)
            self.log_pane.show_source(RunRows(lines, self.chosen))
        else:
            sources = [self._control.lines(view.run.id) for view in runs]
            timeline = self._control.timeline(self.dispatch_id)
            self.log_pane.show_source(MergedRows(timeline, sources), gutter)
        self.log_pane.sync(self._tails())

    def _tails(self) -> list[Row]:
        chosen = self.chosen
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
        if not view.is_following:
            new = view.new_rows
            notes.append(f"▼ {fmt.count(new)} new · f follows" if new else "paused · f follows")
        elif any(run.run.is_open for run in self.runs):
            notes.append("following")
        text = " · ".join(note for note in notes if note)
        attention = not view.is_following and view.new_rows
        self.set_subtitle(text, "$fleet-wait" if attention else "$fleet-muted")
