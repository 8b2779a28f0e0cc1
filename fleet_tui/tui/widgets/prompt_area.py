"""The field for a prompt of several lines; up in the first line brings back older prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import TextArea

from fleet_tui.tui.safe import clean_block

if TYPE_CHECKING:
    from textual import events


class PromptArea(TextArea):
    """A text area with a history behind its first and last line."""

    DEFAULT_CSS = """
    PromptArea { border: none; padding: 0; background: $panel; height: 1fr; min-height: 3; }
    PromptArea:focus { border: none; }
    """

    def __init__(self, text: str, *, id: str) -> None:
        super().__init__(
            text, id=id, compact=True, highlight_cursor_line=False, tab_behavior="focus"
        )
        self.older: tuple[str, ...] = ()
        """Older prompts, newest first."""
        self._place = -1
        self._own = text

    def recall(self, step: int) -> bool:
        """Show an older (1) or newer (-1) prompt; False when there is none."""
        place = self._place + step
        if not -1 <= place < len(self.older):
            return False
        if self._place == -1:
            self._own = self.text
        self._place = place
        self.text = self._own if place == -1 else clean_block(self.older[place])
        self.move_cursor((0, 0) if step > 0 else self.document.end)
        return True

    def action_cursor_up(self, select: bool = False) -> None:
        """Go up a line; in the first line, to the prompt before."""
        if select or self.cursor_location[0] > 0 or not self.recall(1):
            super().action_cursor_up(select)

    def action_cursor_down(self, select: bool = False) -> None:
        """Go down a line; in the last line of an older prompt, to the one after it."""
        is_last = self.cursor_location[0] == self.document.line_count - 1
        if select or not is_last or self._place < 0 or not self.recall(-1):
            super().action_cursor_down(select)

    async def _on_paste(self, event: events.Paste) -> None:
        event.text = clean_block(event.text)
        await super()._on_paste(event)
