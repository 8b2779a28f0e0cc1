"""The peers pane: agent sessions by host, what they work on, and who has written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.peers_view import PeersView
from fleet_tui.tui import fmt, peer_looks
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.panes.table_pane import TablePane
from fleet_tui.tui.safe import clean, short
from fleet_tui.tui.widgets.columns import Column
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.model.peer import Peer
    from fleet_tui.tui.store import Dirty, Store
    from fleet_tui.tui.widgets.paint import Span

COLUMNS = (
    Column("peer", "session", 16, is_flexible=True, most=28),
    Column("new", "new", 3, is_right=True),
    Column("state", "state", 11, is_flexible=True, most=28),
    Column("age", "age", 4, is_right=True, drop=1),
    Column("repo", "repo", 10, is_flexible=True, most=26, drop=2),
    Column("summary", "doing", 10, is_flexible=True, drop=3),
)
EMPTY = "No agent sessions were found on the hosts yet; r looks again."


class PeerRows:
    """The rows of a table of peers: live ones first, those of a host together."""

    def __init__(self) -> None:
        self.view = PeersView()
        self.now = 0.0
        self._peers: dict[str, Peer] = {}

    def take(self, view: PeersView) -> None:
        """Take a newer picture."""
        self.view = view
        order = sorted(view.peers, key=lambda p: (not p.is_live, p.host, p.repo, p.name))
        self._peers = {peer.name: peer for peer in order}

    def ids(self) -> Sequence[str]:
        """Return the peers' names."""
        return list(self._peers)

    def peer(self, key: str) -> Peer:
        """Return a peer."""
        return self._peers[key]

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return a peer's cells."""
        peer = self._peers[key]
        look = peer_looks.STATES[peer.state]
        unread = self.view.unread_of(key)
        name = fmt.clip_middle(clean(peer.name), 28)
        return {
            "peer": [(name, "*" if unread else "" if peer.is_live else "faint")],
            "new": [(str(unread) if unread else "", "*accent")],
            "state": [
                (f"{look.glyph} ", look.role),
                (short(peer_looks.state_text(peer), 60), look.role),
            ],
            "age": [(fmt.age(max(0.0, self.now - peer.seen_at)), "muted")],
            "repo": [(clean(peer_looks.repo_text(peer)), "muted")],
            "by": [(peer.source, "faint")],
            "folder": [(clean(peer.cwd), "muted")],
            "summary": [(short(peer.summary or peer.doing, 200), "" if peer.summary else "muted")],
        }

    def sort_value(self, key: str, column: str) -> float | str | None:
        """Return what a peer's cell is ordered by."""
        peer = self._peers[key]
        if column == "age":
            return -peer.seen_at
        if column == "new":
            return -self.view.unread_of(key) or None
        return "".join(text for text, _ in self.cells(key)[column])

    def search_text(self, key: str) -> str:
        """Return what the filter looks at."""
        peer = self._peers[key]
        words = (peer.name, peer.state, peer.repo, peer.branch, peer.cwd, peer.summary, peer.doing)
        return " ".join(words)


class PeersPane(TablePane):
    """All sessions of the fleet."""

    place = "peers"
    number = 3
    BINDINGS = bindings_for("peers", "peer", "list")

    def __init__(self) -> None:
        self.rows = PeerRows()
        table = LineTable(self.rows, COLUMNS, can_mark=True, empty=EMPTY, id="peers-table")
        super().__init__(table)

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show a newer picture at once, ages when they may move."""
        self.rows.now = now
        view = store.part(PeersView)
        if view is not None and view is not self.rows.view:
            self.rows.take(view)
            self.table.reload()
            self.set_title(title_of(view))
        elif dirty.numbers:
            self.table.refresh_changed()


def title_of(view: PeersView) -> str:
    """Return how many sessions live, and how much of theirs was not read."""
    live = sum(peer.is_live for peer in view.peers)
    unread = f" · {view.unread} new" if view.unread else ""
    return f"{live} live{unread}" if view.peers else ""
