"""The panes as tabs, for a screen that has room for one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message
from textual.widgets import Static

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual import events


class TabLine(Static):
    """One line of `1 hosts  2 queue …`; a click goes there."""

    DEFAULT_CSS = "TabLine { height: 1; padding: 0 1; display: none; }"

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, place: str) -> None:
            super().__init__()
            self.place = place

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._line = Content("")
        self._ends: list[tuple[int, str]] = []

    def show(self, tabs: Sequence[tuple[str, str]], current: str) -> None:
        """Show (pane, label) tabs with the current one marked."""
        pieces: list[tuple[str, str]] = []
        self._ends = []
        at = 0
        for number, (place, label) in enumerate(tabs, 1):
            is_current = place == current
            text = f" {number} {label} "
            pieces.append((text, "bold reverse" if is_current else "$fleet-muted"))
            at += len(text)
            self._ends.append((at, place))
        line = Content.assemble(*pieces)
        if not line.is_same(self._line):
            self._line = line
            self.update(line, layout=False)

    def on_click(self, event: events.Click) -> None:
        """Go to the tab under the mouse."""
        for end, place in self._ends:
            if event.x - 1 < end:
                self.post_message(self.Chosen(place))
                return
