"""A line of the composer: a hand-off document waits where the run would start."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Static

from fleet_tui.model.threads import DOCUMENT
from fleet_tui.tui.safe import content

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.threads import WaitingDocument
    from fleet_tui.tui.app import FleetApp


class HandoffOffer(Static):
    """Hidden while there is nothing to offer, or the prompt has it already."""

    DEFAULT_CSS = "HandoffOffer { height: 1; padding: 0 0 0 9; color: $fleet-wait; }"

    def __init__(self, app: FleetApp) -> None:
        super().__init__("", markup=False, id="handoff-offer")
        self.display = False
        self._app = app
        self._hosts: tuple[str, ...] = ()
        self.waiting: tuple[WaitingDocument, ...] = ()

    def look(self, hosts: Sequence[str], prompt: str) -> None:
        """Ask what waits on these hosts when they are others than before."""
        if tuple(hosts) != self._hosts:
            self._hosts, self.waiting = tuple(hosts), ()
            if hosts:
                asked = self._hosts
                self._app.ask(
                    self._app.control.threads.waiting(asked),
                    lambda found: self._take(asked, found, prompt),
                )
        self._show(prompt)

    def _take(
        self, asked: tuple[str, ...], found: tuple[WaitingDocument, ...], prompt: str
    ) -> None:
        if asked == self._hosts:
            self.waiting = found
            self._show(prompt)

    def _show(self, prompt: str) -> None:
        self.display = bool(self.waiting) and DOCUMENT not in prompt
        if self.display:
            one = self.waiting[0]
            key = self._app.keymap.shown(self._app.registry["composer.handoff"])
            told = f"{DOCUMENT} from {one.origin} waits on {one.host}; {key} has it read first"
            self.update(content(told))
