"""The notifications pane: what happened, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui import states
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.panes.pane import Pane
from fleet_tui.tui.safe import clean
from fleet_tui.tui.widgets.columns import Column
from fleet_tui.tui.widgets.filtered_table import FilteredTable
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult

    from fleet_tui.model.notice import Notice
    from fleet_tui.tui.store import Dirty, Store
    from fleet_tui.tui.widgets.paint import Span

TIMES = "\N{MULTIPLICATION SIGN}"

COLUMNS = (
    Column("time", "time", 8, drop=1),
    Column("source", "source", 7, is_flexible=True, most=14),
    Column("text", "what happened", 16, is_flexible=True),
)


class NoticeRows:
    """The rows of the notifications table."""

    def __init__(self, clock_time: Callable[[float], str]) -> None:
        self._clock_time = clock_time
        self.notices: Mapping[str, Notice] = {}

    def ids(self) -> Sequence[str]:
        """Return the notices' ids, newest first."""
        return list(self.notices)[::-1]

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return a notice's cells."""
        notice = self.notices[key]
        look = states.SEVERITIES[notice.severity]
        times = f" {TIMES}{notice.count}" if notice.count > 1 else ""
        return {
            "time": [(self._clock_time(notice.at), "faint")],
            "source": [(f"{look.glyph} ", look.role), (clean(notice.source), "")],
            "text": [(clean(notice.text) + times, look.role)],
        }

    def sort_value(self, key: str, column: str) -> float | str | None:
        """Return what a notice's cell is ordered by."""
        notice = self.notices[key]
        return notice.at if column == "time" else getattr(notice, column)

    def search_text(self, key: str) -> str:
        """Return what the filter looks at."""
        notice = self.notices[key]
        return f"{notice.severity} {notice.source} {notice.event} {notice.text}"


class NoticesPane(Pane):
    """What the operator should know."""

    place = "notices"
    number = 4
    BINDINGS = bindings_for("notices", "list")

    def __init__(self, clock_time: Callable[[float], str]) -> None:
        super().__init__(id="notices")
        self.rows = NoticeRows(clock_time)
        self.table = LineTable(
            self.rows,
            COLUMNS,
            can_mark=True,
            empty="Nothing has happened yet.",
            id="notices-table",
        )
        self._filtered = FilteredTable(self.table)

    def compose(self) -> ComposeResult:
        """Yield the table."""
        yield self._filtered

    def take_focus(self) -> None:
        """Focus the table."""
        self.screen.set_focus(self.table)

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show new notices at once."""
        if dirty.notices or self.rows.notices is not store.notices:
            self.rows.notices = store.notices
            self.table.reload()
            total = len(store.notices)
            self.set_title(f"{total}" if total else "")
