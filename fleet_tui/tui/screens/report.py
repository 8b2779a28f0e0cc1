"""What has ended on the queue, ranked by how much it needs a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.screens.lines_page import LinesPage
from fleet_tui.tui.widgets.log_rows import FixedRows
from fleet_tui.tui.widgets.log_view import LogView

if TYPE_CHECKING:
    from fleet_tui.tui.app import FleetApp


class ReportScreen(LinesPage):
    """Markdown as it would be sent; `Y` copies it."""

    place = "report"
    BINDINGS = bindings_for("lines", "back")

    def __init__(self, app: FleetApp, text: str) -> None:
        view = LogView(app.clock_time, empty="Nothing has ended.", follows=False, id="report")
        super().__init__(app, "queue / report", view)
        self._text = text

    def on_mount(self) -> None:
        """Show it from its beginning."""
        self.log_pane.show_source(FixedRows([("o", line) for line in self._text.splitlines()]))
