"""How the answer of one run differs from another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical

from fleet_tui.model.ids import short
from fleet_tui.tui import fmt
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import content
from fleet_tui.tui.screens.gather import diff_line
from fleet_tui.tui.screens.page import Page
from fleet_tui.tui.widgets.log_pane import LogPane
from fleet_tui.tui.widgets.log_rows import FixedRows
from fleet_tui.tui.widgets.log_view import LogView

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from fleet_tui.model.history import Comparison
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.widgets.log_rows import FixedLine


class CompareScreen(Page):
    """A unified diff, searchable."""

    place = "gather"
    BINDINGS = bindings_for("gather", "lines", "back")

    def __init__(self, app: FleetApp, found: Comparison) -> None:
        left, right = found.left, found.right
        super().__init__(app, f"runs / {short(left.id)} and {short(right.id)}")
        self.found = found
        empty = "Both answered the same."
        self.log_pane = LogPane(LogView(app.clock_time, empty=empty, follows=False, id="compared"))
        self._box = Vertical(classes="body")
        self._box.border_title = content(
            f"- {short(left.id)} on {left.host}, {fmt.some(found.left_lines, 'line')}   "
            f"+ {short(right.id)} on {right.host}, {fmt.some(found.right_lines, 'line')}"
        )

    def compose(self) -> ComposeResult:
        """Yield the difference."""
        yield self.crumbs
        with self._box:
            yield self.log_pane
        yield self.hints

    def on_mount(self) -> None:
        """Show the difference."""
        self.set_focus(self.log_pane.view)
        self.log_pane.show_source(FixedRows(difference_lines(self.found)))

    @on(LogView.Moved)
    def _moved(self, event: LogView.Moved) -> None:
        event.stop()
        self._box.border_subtitle = content(self.log_pane.search_status())


def difference_lines(found: Comparison) -> list[FixedLine]:
    """Return the diff without its two file lines, which stand in the title."""
    lines = [diff_line(line) for line in found.difference[2:]]
    if found.cut_lines:
        lines.append(("m", f"{fmt.some(found.cut_lines, 'more line')} not shown"))
    return lines
