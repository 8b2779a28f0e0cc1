"""What runs have cost: by day, host, agent or model, with a bar for each day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Static

from fleet_tui.model.costs_view import GROUPINGS, sparkline
from fleet_tui.tui import fmt
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import clean, content
from fleet_tui.tui.screens.table_page import TablePage
from fleet_tui.tui.widgets.columns import Column
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.widget import Widget

    from fleet_tui.model.costs_view import CostReport, CostRow, Grouping
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.widgets.paint import Span

SPANS = (14, 30, 90, 7)
"""Days that can be added up; the first is shown first."""
BAR_CELLS = 20

COLUMNS = (
    Column("name", "", 12, is_flexible=True, most=44),
    Column("usd", "cost", 9, is_right=True),
    Column("share", "", BAR_CELLS, drop=1),
    Column("runs", "runs", 5, is_right=True, drop=3),
    Column("unknown", "unknown", 7, is_right=True, drop=4),
    Column("days", "by day", 14, is_flexible=True, most=90, drop=2),
)


class CostRows:
    """The rows of one way to group."""

    def __init__(self) -> None:
        self.grouping: Grouping = "day"
        self._rows: dict[str, CostRow] = {}
        self._top = 0.0

    def show(self, report: CostReport, grouping: Grouping) -> None:
        """Take the rows of a report; days come newest first."""
        self.grouping = grouping
        rows = report.rows[grouping]
        self._rows = {row.name: row for row in (reversed(rows) if grouping == "day" else rows)}
        self._top = max((row.usd for row in rows), default=0.0)

    def ids(self) -> Sequence[str]:
        """Return the names, in order."""
        return list(self._rows)

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return a row's cells."""
        row = self._rows[key]
        bar = round(row.usd / self._top * BAR_CELLS) if self._top else 0
        return {
            "name": [(clean(row.name), "")],
            "usd": [(fmt.money(row.usd), "" if row.usd else "faint")],
            "share": [("█" * bar or "·", "accent" if bar else "faint")],
            "runs": [(fmt.count(row.runs) if row.runs else "", "muted")],
            "unknown": [(fmt.count(row.unknown) if row.unknown else "", "wait")],
            "days": [("" if self.grouping == "day" else sparkline(row.by_day), "accent")],
        }

    def search_text(self, key: str) -> str:
        """Return the name."""
        return key


class CostsScreen(TablePage):
    """`b` groups in another way, `w` takes more days, `e` writes a CSV file."""

    place = "costs"
    BINDINGS = bindings_for("costs", "list", "back")

    DEFAULT_CSS = """
    CostsScreen #costs-head { height: 1; }
    CostsScreen #costs-notes { height: 1; color: $fleet-wait; }
    """

    def __init__(self, app: FleetApp, grouping: str = "") -> None:
        self.rows = CostRows()
        empty = "No agent has run in these days."
        super().__init__(app, "costs", LineTable(self.rows, COLUMNS, empty=empty, id="costs-table"))
        self.days = SPANS[0]
        self.grouping: Grouping = next((g for g in GROUPINGS if g == grouping), "day")
        self.report: CostReport | None = None
        self._head = Static("", id="costs-head", markup=False)
        self._notes = Static("", id="costs-notes", markup=False)

    def above(self) -> Sequence[Widget]:
        """Return the sum, and how sure it is."""
        return (
            self._head,
            self._notes,
        )

    def on_mount(self) -> None:
        """Add up."""
        self.reload()

    def reload(self) -> None:
        """Ask for the sums again."""
        app = self.fleet_app
        app.ask(app.control.costs.report(self.days), self._show_report)

    def group_next(self) -> None:
        """Group in the next way."""
        self.grouping = GROUPINGS[(GROUPINGS.index(self.grouping) + 1) % len(GROUPINGS)]
        self._show()

    def widen(self) -> None:
        """Add up the next longer span of days, after the longest the shortest."""
        self.days = SPANS[(SPANS.index(self.days) + 1) % len(SPANS)]
        self.reload()

    def _show_report(self, report: CostReport) -> None:
        self.report = report
        self._show()

    def _show(self) -> None:
        report = self.report
        if report is None:
            return
        self.rows.show(report, self.grouping)
        self.table.reload()
        self.table.refresh_changed()
        self.entitle(f"by {self.grouping}")
        others = ", ".join(name for name in GROUPINGS if name != self.grouping)
        self.box.border_subtitle = content(f"b: {others}")
        self._head.update(content(f" {head_of(report)}"))
        notes = notes_of(report)
        self._notes.display = bool(notes)
        self._notes.update(content(f" {notes}"))
        self.show_hints()


def head_of(report: CostReport) -> str:
    """Return the sum of a report, what is left of today, and a bar for each day."""
    words = [f"{fmt.money(report.usd)} in {fmt.some(len(report.days), 'day')}"]
    if report.cap_usd is not None and report.left_usd is not None:
        left, cap = fmt.money(report.left_usd), fmt.money(report.cap_usd)
        words.append(f"{left} of {cap} left today")
    words.append(sparkline([row.usd for row in report.rows["day"][-30:]]))
    return " · ".join(words)


def notes_of(report: CostReport) -> str:
    """Return how sure the figures are; empty when the agents named every one."""
    words = []
    if report.priced_as_of:
        words.append(f"partly priced from table of {report.priced_as_of}")
    if report.unknown:
        words.append(f"cost of {fmt.some(report.unknown, 'run')} unknown")
    return " · ".join(words)
