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

    def show(self, tabs: Sequence[tuple[str, str]], current: str, width: int) -> None:
        """Show (pane, label) tabs within a width, with the current one marked.

        Where room is short, labels become the panes' names, then all but the current one's go.
        """
        names = [(place, place) for place, _ in tabs]
        bare = [(place, place if place == current else "") for place, _ in tabs]
        tabs = next((way for way in (tabs, names) if _width(way) <= width), bare)
        pieces: list[tuple[str, str]] = []
        self._ends = []
        at = 0
        for number, (place, label) in enumerate(tabs, 1):
            is_current = place == current
            text = f" {number} {label} " if label else f" {number} "
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


def _width(tabs: Sequence[tuple[str, str]]) -> int:
    return sum(len(label) + 4 for _, label in tabs)
