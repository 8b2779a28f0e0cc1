"""What has ended on the queue, ranked by how much it needs a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical

from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import content
from fleet_tui.tui.screens.page import Page
from fleet_tui.tui.widgets.log_pane import LogPane
from fleet_tui.tui.widgets.log_rows import FixedRows
from fleet_tui.tui.widgets.log_view import LogView

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from fleet_tui.tui.app import FleetApp


class ReportScreen(Page):
    """Markdown as it would be sent; `Y` copies it."""

    place = "report"
    BINDINGS = bindings_for("lines", "back")

    def __init__(self, app: FleetApp, text: str) -> None:
        super().__init__(app, "queue / report")
        view = LogView(app.clock_time, empty="Nothing has ended.", follows=False, id="report")
        self.log_pane = LogPane(view)
        self._box = Vertical(classes="body")
        self._text = text

    def compose(self) -> ComposeResult:
        """Yield the report."""
        yield self.crumbs
        with self._box:
            yield self.log_pane
        yield self.hints

    def on_mount(self) -> None:
        """Show it from its beginning."""
        self.set_focus(self.log_pane.view)
        self.log_pane.show_source(FixedRows([("o", line) for line in self._text.splitlines()]))

    @on(LogView.Moved)
    def _moved(self, event: LogView.Moved) -> None:
        event.stop()
        self._box.border_subtitle = content(self.log_pane.search_status())
