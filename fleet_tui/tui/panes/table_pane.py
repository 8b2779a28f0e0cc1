"""A pane that shows one table of rows, which `/` filters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui.panes.pane import Pane
from fleet_tui.tui.widgets.filtered_table import FilteredTable

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from fleet_tui.tui.widgets.table import LineTable


class TablePane(Pane):
    """Base of the panes whose main widget is a table."""

    def __init__(self, table: LineTable) -> None:
        super().__init__(id=self.place)
        self.table = table
        self._filtered = FilteredTable(table)

    def compose(self) -> ComposeResult:
        """Yield the table."""
        yield self._filtered

    def take_focus(self) -> None:
        """Focus the table."""
        self.screen.set_focus(self.table)
