"""A titled box that shows one part of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from fleet_tui.tui.safe import clean

if TYPE_CHECKING:
    from textual import events

    from fleet_tui.tui.store import Dirty, Store


class Pane(Vertical):
    """Base of the five panes; `place` names it in the action registry."""

    place = ""
    number = 0

    _subtitle = ("", "")

    class Entered(Message):
        """The focus came into a pane."""

        def __init__(self, pane: Pane) -> None:
            super().__init__()
            self.pane = pane

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show what changed; `now` is Unix seconds."""

    def take_focus(self) -> None:
        """Give the focus to the pane's main widget, at once: the next key must find it there."""

    def set_title(self, detail: str = "") -> None:
        """Put the pane's key, name and a detail into its top border."""
        parts = [(f"{self.number} ", "$fleet-faint"), (self.place, "bold")]
        if detail:
            parts.append((f" · {clean(detail)}", "$fleet-muted"))
        self.border_title = Content.assemble(*parts)

    def set_subtitle(self, text: str, style: str = "$fleet-muted") -> None:
        """Put a note into the bottom border."""
        if (text, style) != self._subtitle:
            self._subtitle = (text, style)
            self.border_subtitle = Content.styled(clean(text), style)

    def on_mount(self) -> None:
        """Show the title."""
        self.set_title()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        """Tell the screen where the focus is."""
        self.post_message(self.Entered(self))
