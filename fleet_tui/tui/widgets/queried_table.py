"""A table whose filter line is a question to the core, not a filter of the rows that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.message import Message

from fleet_tui.tui.widgets.filtered_table import FilteredTable
from fleet_tui.tui.widgets.prompt_line import PromptLine

if TYPE_CHECKING:
    from fleet_tui.tui.widgets.table import LineTable


class QueriedTable(FilteredTable):
    """`/` opens the line; `is_live` asks while it is typed, otherwise Enter asks."""

    class Asked(Message):
        """Rows are wanted that fit `query`."""

        def __init__(self, query: str) -> None:
            super().__init__()
            self.query = query

    def __init__(
        self, table: LineTable, label: str, placeholder: str, *, is_live: bool, query: str = ""
    ) -> None:
        super().__init__(table)
        self.prompt = PromptLine(label, placeholder)
        self.query_text = query
        """What was asked for last."""
        self._is_live = is_live

    def open_filter(self) -> None:
        """Ask for the question."""
        self.prompt.open(self.query_text)

    def clear_filter(self) -> bool:
        """Ask for everything again; False when everything was asked for."""
        had = bool(self.query_text) or self.prompt.is_open
        self.prompt.close()
        self._ask("")
        return had

    def _ask(self, text: str) -> None:
        if text != self.query_text:
            self.query_text = text
            self.post_message(self.Asked(text))

    @on(PromptLine.Changed)
    def _typed(self, event: PromptLine.Changed) -> None:
        event.stop()
        event.prevent_default()
        if self._is_live:
            self._ask(event.text.strip())

    @on(PromptLine.Submitted)
    def _kept(self, event: PromptLine.Submitted) -> None:
        event.stop()
        event.prevent_default()
        self._ask(event.text.strip())
        self.prompt.close()
        self.screen.set_focus(self.table)

    @on(PromptLine.Cancelled)
    def _dropped(self, event: PromptLine.Cancelled) -> None:
        event.stop()
        event.prevent_default()
        self._ask("")
        self.screen.set_focus(self.table)
