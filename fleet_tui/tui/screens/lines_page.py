"""A full screen around lines of text that are searched, filtered and copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from fleet_tui.tui.safe import content
from fleet_tui.tui.screens.page import Page
from fleet_tui.tui.widgets.log_pane import LogPane
from fleet_tui.tui.widgets.log_view import LogView

if TYPE_CHECKING:
    from textual.widget import Widget

    from fleet_tui.tui.app import FleetApp


class LinesPage(Page):
    """Base of the screens that show lines; the box says how the search in them stands."""

    def __init__(self, app: FleetApp, crumb: str, view: LogView, *under: Widget) -> None:
        """Make a page whose box holds the lines, and the widgets `under` them."""
        self.log_pane = LogPane(view)
        super().__init__(app, crumb, self.log_pane, *under)

    def on_mount(self) -> None:
        """Begin in the lines."""
        self.set_focus(self.log_pane.view)

    @on(LogView.Moved)
    def _moved(self, event: LogView.Moved) -> None:
        event.stop()
        self.box.border_subtitle = content(self.log_pane.search_status())
