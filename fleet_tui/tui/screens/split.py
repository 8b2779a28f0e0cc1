"""The output of a dispatch side by side: a box for each group of hosts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Grid, Vertical

from fleet_tui.tui import fmt, roles
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import clean, content
from fleet_tui.tui.screens.page import Page
from fleet_tui.tui.widgets.log_pane import LogPane
from fleet_tui.tui.widgets.log_view import LogView
from fleet_tui.tui.widgets.more_rows import PickedRows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual import events
    from textual.app import ComposeResult

    from fleet_tui.model.snapshot import RunView
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store

MOST_BOXES = 12
ALONE = "no group"
NARROWEST = 40
"""Columns that a box needs to be of use."""


class SplitScreen(Page):
    """`tab` goes from box to box; each is searched and followed by itself."""

    place = "split"
    BINDINGS = bindings_for("split", "lines", "back")
    DEFAULT_CSS = """
    SplitScreen Grid { height: 1fr; grid-gutter: 0; }
    """

    def __init__(self, app: FleetApp, dispatch_id: str) -> None:
        super().__init__(app, f"output / {dispatch_id} by group")
        runs = app.store.runs_of(dispatch_id)
        timeline = app.control.timeline(dispatch_id)
        sources = [app.control.lines(view.run.id) for view in runs]
        gutter = [(clean(v.run.host), roles.host_hue(v.run.host)) for v in runs]
        self._runs = [view.run.id for view in runs]
        self.groups = groups_of(runs, {n: v.host.groups for n, v in app.store.hosts.items()})
        self._panes: list[tuple[list[int], LogPane]] = []
        self._grid = Grid()
        for number, (name, picked) in enumerate(self.groups.items()):
            view = LogView(app.clock_time, empty="Nothing was said yet.", id=f"split-{number}")
            pane = LogPane(view)
            self._panes.append((picked, pane))
            box = Vertical(pane, classes="body")
            hosts = fmt.names([runs[position].run.host for position in picked])
            box.border_title = content(f"{name} · {hosts}")
            self._grid.compose_add_child(box)
        self._sources = (timeline, sources, gutter)

    def compose(self) -> ComposeResult:
        """Yield the boxes."""
        yield self.crumbs
        yield self._grid
        yield self.hints

    def on_mount(self) -> None:
        """Show every group's rows."""
        timeline, sources, gutter = self._sources
        for picked, pane in self._panes:
            pane.show_source(PickedRows(timeline, sources, picked), gutter)
        if self._panes:
            self.set_focus(self._panes[0][1].view)

    def on_resize(self, event: events.Resize) -> None:
        """Choose how many boxes stand side by side."""
        super().on_resize(event)
        across = max(1, min(len(self._panes), self.size.width // NARROWEST))
        if len(self._panes) <= across * 2:
            across = min(across, math.ceil(len(self._panes) / math.ceil(len(self._panes) / across)))
        self._grid.styles.grid_size_columns = max(1, across)

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show new lines."""
        grown = dirty.lines | dirty.runs
        for picked, pane in self._panes:
            if any(self._runs[position] in grown for position in picked):
                pane.sync()

    def step_box(self, direction: int) -> None:
        """Go to the next or previous box."""
        views = [pane.view for _, pane in self._panes]
        at = next((n for n, view in enumerate(views) if view.has_focus), -direction)
        self.set_focus(views[(at + direction) % len(views)])

    @on(LogView.Moved)
    def _moved(self, event: LogView.Moved) -> None:
        event.stop()
        for _, pane in self._panes:
            if pane.view is event.view and pane.parent is not None:
                pane.parent.border_subtitle = content(pane.search_status())  # type: ignore[attr-defined]


def groups_of(runs: Sequence[RunView], groups: Mapping[str, Sequence[str]]) -> dict[str, list[int]]:
    """Return the positions of the runs by their host's first group; hosts without one together.

    When there is only one group each host is one; what is too many is told in the last.
    """
    found: dict[str, list[int]] = {}
    for position, view in enumerate(runs):
        named = groups.get(view.run.host, ())
        found.setdefault(clean(named[0]) if named else ALONE, []).append(position)
    if len(found) < 2:
        found = {clean(view.run.host): [position] for position, view in enumerate(runs)}
    if len(found) > MOST_BOXES:
        kept = dict(list(found.items())[: MOST_BOXES - 1])
        rest = [p for name, picked in found.items() if name not in kept for p in picked]
        return {**kept, f"{len(found) - len(kept)} more": rest}
    return found
