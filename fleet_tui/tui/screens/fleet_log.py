"""The end of the audit log, as it stands on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical

from fleet_tui.tui import fmt
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import content
from fleet_tui.tui.screens.page import Page
from fleet_tui.tui.widgets.log_pane import LogPane
from fleet_tui.tui.widgets.log_rows import FixedRows
from fleet_tui.tui.widgets.log_view import LogView

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from fleet_tui.tui.app import FleetApp

SHOWN = 2_000


class FleetLogScreen(Page):
    """Searchable; `r` reads it again."""

    place = "log"
    BINDINGS = bindings_for("log", "lines", "back")

    def __init__(self, app: FleetApp, path: str) -> None:
        super().__init__(app, f"log {path}".rstrip())
        self.log_pane = LogPane(LogView(app.clock_time, empty="The log is empty.", id="log-lines"))
        self._box = Vertical(classes="body")

    def compose(self) -> ComposeResult:
        """Yield the lines."""
        yield self.crumbs
        with self._box:
            yield self.log_pane
        yield self.hints

    def on_mount(self) -> None:
        """Read the log."""
        self.set_focus(self.log_pane.view)
        self.reload()

    def reload(self) -> None:
        """Ask for the last lines again."""
        self.fleet_app.ask(self.fleet_app.control.log_lines(SHOWN), self._show_lines)

    def _show_lines(self, lines: tuple[str, ...]) -> None:
        self.log_pane.show_source(FixedRows([("o", line) for line in lines]))
        self._box.border_title = content(f"the last {fmt.some(len(lines), 'line')}")
        self.show_hints()

    @on(LogView.Moved)
    def _moved(self, event: LogView.Moved) -> None:
        event.stop()
        self._box.border_subtitle = content(self.log_pane.search_status())
