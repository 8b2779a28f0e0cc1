"""The notifications pane: what happened, newest first, and how far it got."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.routes_view import RoutesView
from fleet_tui.tui import states
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.notice_looks import far_look
from fleet_tui.tui.own_notices import SAID
from fleet_tui.tui.panes.table_pane import TablePane
from fleet_tui.tui.safe import clean
from fleet_tui.tui.widgets.columns import Column
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fleet_tui.model.notice import Notice
    from fleet_tui.tui.store import Dirty, Store
    from fleet_tui.tui.widgets.paint import Span

TIMES = "\N{MULTIPLICATION SIGN}"

COLUMNS = (
    Column("time", "time", 8, drop=1),
    Column("source", "source", 7, is_flexible=True, most=14),
    Column("text", "what happened", 16, is_flexible=True),
    Column("far", "told", 14, drop=2),
)


class NoticeRows:
    """The rows of the notifications table."""

    def __init__(self, clock_time: Callable[[float], str]) -> None:
        self._clock_time = clock_time
        self.notices: Mapping[str, Notice] = {}
        self.view: RoutesView | None = None

    @property
    def open_count(self) -> int:
        """How many notices nobody has acknowledged."""
        return sum(
            not self._is_known(key) for key, one in self.notices.items() if one.event != SAID
        )

    def ids(self) -> Sequence[str]:
        """Return the notices' ids, newest first."""
        return list(self.notices)[::-1]

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return a notice's cells."""
        notice = self.notices[key]
        look = states.SEVERITIES[notice.severity]
        far, many = far_look(notice, self.view)
        times = f" {TIMES}{notice.count}" if notice.count > 1 else ""
        role = "muted" if self._is_known(key) else look.role
        return {
            "time": [(self._clock_time(notice.at), "faint")],
            "source": [(f"{look.glyph} ", role), (clean(notice.source), "")],
            "text": [(clean(notice.text) + times, role)],
            "far": [(f"{far.glyph} {far.word}{many}", far.role)],
        }

    def sort_value(self, key: str, column: str) -> float | str | None:
        """Return what a notice's cell is ordered by."""
        notice = self.notices[key]
        if column == "far":
            return far_look(notice, self.view)[0].word
        return notice.at if column == "time" else getattr(notice, column)

    def search_text(self, key: str) -> str:
        """Return what the filter looks at."""
        notice = self.notices[key]
        far = far_look(notice, self.view)[0].word
        return f"{notice.severity} {notice.source} {notice.event} {far} {notice.text}"

    def _is_known(self, key: str) -> bool:
        return self.view is not None and self.view.is_known(key)


class NoticesPane(TablePane):
    """What the operator should know."""

    place = "notices"
    number = 4
    BINDINGS = bindings_for("notices", "list")

    def __init__(self, clock_time: Callable[[float], str]) -> None:
        self.rows = NoticeRows(clock_time)
        empty = "Nothing has happened yet."
        table = LineTable(self.rows, COLUMNS, can_mark=True, empty=empty, id="notices-table")
        super().__init__(table)

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show new notices at once, and how far the others got."""
        is_new = bool(dirty.notices) or self.rows.notices is not store.notices
        if is_new or RoutesView in dirty.parts:
            self.rows.notices = store.notices
            self.rows.view = store.part(RoutesView)
            self.table.reload()
            self.table.refresh_changed()
            total, unknown = len(store.notices), self.rows.open_count
            of_all = f" of {total}" if unknown != total else ""
            self.set_title(f"{unknown}{of_all}" if total else "")
