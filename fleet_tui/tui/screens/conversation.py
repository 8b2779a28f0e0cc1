"""What was said with one session, each message with the rung it has reached and the proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.peers_view import PeersView
from fleet_tui.tui import fmt, peer_looks
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.screens.lines_page import LinesPage
from fleet_tui.tui.widgets.log_rows import FixedRows
from fleet_tui.tui.widgets.log_view import LogView

if TYPE_CHECKING:
    from fleet_tui.model.peer import Message
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store


class ConversationScreen(LinesPage):
    """Messages of one peer, or those that a search found."""

    place = "talk"
    BINDINGS = bindings_for("talk", "lines", "back")

    def __init__(self, app: FleetApp, peer: str = "", search: str = "") -> None:
        view = LogView(app.clock_time, empty="Nothing was said yet; enter writes.", id="talk")
        super().__init__(app, f"sessions / {peer or f'messages with {search!r}'}", view)
        self.peer = peer
        self._search = search
        self._messages: dict[str, Message] = {}

    def on_mount(self) -> None:
        """Ask for what was said."""
        self.log_pane.view.change_look(is_folded=False)
        self.reload()

    def reload(self) -> None:
        """Ask the core again."""
        peers = self.fleet_app.control.peers
        if self.peer:
            self.fleet_app.ask(peers.conversation(self.peer), self._take)
        else:
            self.fleet_app.ask(peers.search(self._search), lambda found: self._take(found[::-1]))

    def _take(self, messages: tuple[Message, ...]) -> None:
        self._messages = {message.id: message for message in messages}
        self._paint()

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show how messages climb, and those that came."""
        if PeersView not in dirty.parts:
            return
        view = store.part(PeersView)
        if view is None:
            return
        fresh = [m for m in view.messages if m.id in self._messages or self._is_ours(m)]
        changed = [m for m in fresh if self._messages.get(m.id) != m]
        if changed:
            self._messages.update({message.id: message for message in changed})
            self._paint()
            if any(not message.is_read for message in changed):
                self.reload()

    def _is_ours(self, message: Message) -> bool:
        return bool(self.peer) and self.peer in (message.sender, message.recipient)

    @property
    def last_from_peer(self) -> Message | None:
        """Return the newest message that the peer wrote."""
        mine = [m for m in self._messages.values() if m.sender == self.peer]
        return mine[-1] if mine else None

    def _paint(self) -> None:
        order = sorted(self._messages.values(), key=lambda m: m.sequence or m.created_at)
        lines = [
            line
            for message in order
            for line in peer_looks.message_lines(message, self.fleet_app.clock_time)
        ]
        self.log_pane.show_source(FixedRows(lines))
        self.entitle(fmt.some(len(order), "message"))
