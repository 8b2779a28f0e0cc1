"""All agent sessions at full width, with what they have reserved."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.widgets import Static

from fleet_tui.model.ids import short
from fleet_tui.model.peers_view import PeersView
from fleet_tui.tui import fmt
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.panes.peers import EMPTY, PeerRows, title_of
from fleet_tui.tui.safe import clean, content
from fleet_tui.tui.screens.table_page import TablePage
from fleet_tui.tui.widgets.columns import Column
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.widget import Widget

    from fleet_tui.model.peer import Reservation
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store

COLUMNS = (
    Column("peer", "session", 18, is_flexible=True, most=30),
    Column("new", "new", 3, is_right=True),
    Column("state", "state", 12, is_flexible=True, most=30),
    Column("age", "age", 4, is_right=True),
    Column("by", "by", 8, drop=3),
    Column("repo", "repo", 12, is_flexible=True, most=30, drop=1),
    Column("folder", "folder", 14, is_flexible=True, most=40, drop=4),
    Column("summary", "doing", 14, is_flexible=True, drop=2),
)
RESERVED_LINES = 5


class PeersScreen(TablePage):
    """`enter` opens the conversation with the session at the cursor."""

    place = "sessions"
    BINDINGS = bindings_for("sessions", "peer", "list", "back")
    DEFAULT_CSS = """
    PeersScreen #reserved { height: auto; max-height: 7; border: round $border-blurred; }
    """

    def __init__(self, app: FleetApp) -> None:
        self.rows = PeerRows()
        table = LineTable(self.rows, COLUMNS, can_mark=True, empty=EMPTY, id="sessions-table")
        super().__init__(app, "sessions", table)
        self._reserved = Static("", id="reserved", markup=False)
        self._reserved.display = False

    def below(self) -> Sequence[Widget]:
        """Return the reservations."""
        return (self._reserved,)

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show a newer picture at once, ages when they may move."""
        self.rows.now = now
        view = store.part(PeersView)
        if view is not None and view is not self.rows.view:
            self.rows.take(view)
            self.table.reload()
            broker = f" · broker: {view.broker}" if view.broker else ""
            self.entitle(f"{title_of(view)}{broker}")
            self.show_hints()
        elif dirty.numbers:
            self.table.refresh_changed()
        if view is not None and (dirty.numbers or PeersView in dirty.parts):
            self._show_reserved(view.reservations, now)

    def _show_reserved(self, reservations: tuple[Reservation, ...], now: float) -> None:
        self._reserved.display = bool(reservations)
        lines = [_reserved_line(one, now) for one in reservations[-RESERVED_LINES:]]
        self._reserved.border_title = content(f"{len(reservations)} reserved")
        self._reserved.update(content_lines(lines))

    @on(LineTable.Opened)
    def _clicked(self, event: LineTable.Opened) -> None:
        event.stop()
        self.fleet_app.perform("peer.open")


def _reserved_line(one: Reservation, now: float) -> str:
    left = fmt.age(max(0.0, one.expires_at - now))
    why = f" · {one.reason}" if one.reason else ""
    clash = f" · ▲ also {', '.join(one.conflicts)}" if one.conflicts else ""
    return f"{short(one.id)} {one.path} · {one.holder} · {left} left{why}{clash}"


def content_lines(lines: list[str]) -> str:
    """Return lines for a Static without markup."""
    return "\n".join(clean(line) for line in lines)
