"""A table with its filter line; its order, filter and marks stand in the border around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical
from textual.widget import Widget

from fleet_tui.tui import fmt
from fleet_tui.tui.safe import content
from fleet_tui.tui.widgets.prompt_line import PromptLine
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from textual.app import ComposeResult


class FilteredTable(Vertical):
    """Shows a table; `/` opens the line that filters it as one types."""

    DEFAULT_CSS = "FilteredTable { height: 1fr; }"

    def __init__(self, table: LineTable) -> None:
        super().__init__()
        self.table = table
        self.prompt = PromptLine("/", "filter: enter keeps, !text leaves out")

    def compose(self) -> ComposeResult:
        """Yield the table and the filter line."""
        yield self.table
        yield self.prompt

    def open_filter(self) -> None:
        """Ask for the filter."""
        self.prompt.open(self.table.filter)

    def clear_filter(self) -> bool:
        """Show every row again; False when every row was shown."""
        had = bool(self.table.filter) or self.prompt.is_open
        self.prompt.close()
        self.table.set_filter("")
        return had

    def drop(self) -> bool:
        """Take back the nearest thing: an open range, else the filter; False for neither."""
        return self.table.drop_range() or self.clear_filter()

    @on(LineTable.Restated)
    def _restated(self, event: LineTable.Restated) -> None:
        event.stop()
        box = self._box()
        if box is not None:
            text = fmt.clip(self.table.status(), max(10, box.size.width - 6))
            box.border_subtitle = content(text.rstrip(), "$fleet-muted")

    def _box(self) -> Widget | None:
        """Return the nearest widget around the table that has a border to write in."""
        around = (node for node in self.ancestors if isinstance(node, Widget))
        return next((box for box in around if box.styles.border_bottom[0]), None)

    @on(PromptLine.Changed)
    def _typed(self, event: PromptLine.Changed) -> None:
        event.stop()
        self.table.set_filter(event.text)

    @on(PromptLine.Submitted)
    def _kept(self, event: PromptLine.Submitted) -> None:
        event.stop()
        if not event.text.strip():
            self.prompt.close()
        self.screen.set_focus(self.table)

    @on(PromptLine.Cancelled)
    def _dropped(self, event: PromptLine.Cancelled) -> None:
        event.stop()
        self.table.set_filter("")
        self.screen.set_focus(self.table)
