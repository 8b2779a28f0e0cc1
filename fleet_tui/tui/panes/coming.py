"""Panes for parts of the program that do not exist yet: they say what will fill them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Static

from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.panes.pane import Pane
from fleet_tui.tui.safe import content

if TYPE_CHECKING:
    from textual.app import ComposeResult


class ComingText(Static, can_focus=True):
    """The one sentence of such a pane."""


class QueuePane(Pane):
    """Where the shared queue will be."""

    place = "queue"
    number = 2
    sentence = "Not built yet: tasks on the shared queue will be listed here."
    BINDINGS = bindings_for("queue")

    def __init__(self) -> None:
        super().__init__(id=self.place)
        self._text = ComingText(content(self.sentence), markup=False)

    def compose(self) -> ComposeResult:
        """Yield the sentence."""
        yield self._text

    def take_focus(self) -> None:
        """Focus the sentence."""
        self.screen.set_focus(self._text)


class PeersPane(QueuePane):
    """Where the agent sessions will be."""

    place = "peers"
    number = 3
    sentence = "Not built yet: agent sessions and their messages will be listed here."
    BINDINGS = bindings_for("peers")
