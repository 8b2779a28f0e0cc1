"""What is wrong with hosts, why it matters, and the command that mends it. It is never run here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from fleet_tui.model.findings import SEVERITIES
from fleet_tui.tui import fmt
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import clean
from fleet_tui.tui.screens.table_page import TablePage
from fleet_tui.tui.widgets.columns import Column
from fleet_tui.tui.widgets.facts import Facts, fact
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.widget import Widget

    from fleet_tui.model.findings import Finding, HostReport
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.widgets.paint import Span

LOOKS = {"error": ("✗", "bad"), "warning": ("!", "wait"), "note": ("·", "muted")}
"""Severity to glyph and colour; its word stands beside them."""
COLUMNS = (
    Column("severity", "severity", 9),
    Column("host", "host", 10, is_flexible=True, most=24),
    Column("what", "what", 30, is_flexible=True),
)


class FindingRows:
    """A row for each finding, worst first within its host, the worst host first."""

    def __init__(self) -> None:
        self.findings: dict[str, Finding] = {}

    def take(self, reports: Sequence[HostReport]) -> None:
        """Show these reports."""
        last = len(SEVERITIES)
        ordered = sorted(
            reports, key=lambda one: SEVERITIES.index(one.worst) if one.worst else last
        )
        findings = [finding for one in ordered for finding in one.findings]
        self.findings = {str(place): finding for place, finding in enumerate(findings)}

    def ids(self) -> Sequence[str]:
        """Return the findings' keys."""
        return list(self.findings)

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return a finding's cells."""
        finding = self.findings[key]
        glyph, role = LOOKS[finding.severity]
        return {
            "severity": [(f"{glyph} {finding.severity}", role)],
            "host": [(clean(finding.host), "")],
            "what": [(clean(finding.what), "")],
        }

    def sort_value(self, key: str, column: str) -> float | str | None:
        """Return what a finding's cell is ordered by."""
        finding = self.findings[key]
        if column == "severity":
            return SEVERITIES.index(finding.severity)
        return finding.host if column == "host" else finding.what

    def search_text(self, key: str) -> str:
        """Return what the filter looks at."""
        finding = self.findings[key]
        return f"{finding.severity} {finding.host} {finding.what} {finding.id}"


class DoctorScreen(TablePage):
    """`y` copies the command that mends the finding at the cursor; nothing is mended from here."""

    place = "doctor"
    BINDINGS = bindings_for("doctor", "list", "back")
    DEFAULT_CSS = """
    DoctorScreen #finding { height: auto; max-height: 45%; padding: 0 1; overflow-y: auto; }
    """

    def __init__(self, app: FleetApp, target: str = "") -> None:
        self.rows = FindingRows()
        table = LineTable(
            self.rows, COLUMNS, empty="Nothing to mend was found.", id="findings-table"
        )
        super().__init__(app, f"doctor {target}".rstrip(), table)
        self.target = target or "all"
        self.detail = Facts(id="finding")

    def below(self) -> Sequence[Widget]:
        """Return the finding at the cursor."""
        return (self.detail,)

    def on_mount(self) -> None:
        """Examine."""
        self.reload()

    def reload(self) -> None:
        """Examine the hosts again."""
        self.entitle(f"examining {self.target} …", "$fleet-muted")
        app = self.fleet_app
        app.ask(app.control.doctor.examine(self.target), self._show_reports, self.refuse)

    def _show_reports(self, reports: tuple[HostReport, ...]) -> None:
        self.rows.take(reports)
        counts = []
        for severity in SEVERITIES:
            number = sum(f.severity == severity for f in self.rows.findings.values())
            counts.append(f"{LOOKS[severity][0]} {fmt.some(number, severity)}")
        healthy = sum(not one.findings for one in reports)
        gaps = sum(len(one.unchecked) for one in reports)
        parts = [*counts, f"nothing on {fmt.some(healthy, 'host')}" if healthy else ""]
        parts.append(f"{fmt.some(gaps, 'thing')} not checked" if gaps else "")
        self.entitle("  ".join(filter(None, parts)))
        self.table.reload()
        self._show_detail()
        self.show_hints()

    @property
    def finding(self) -> Finding | None:
        """Return the finding at the cursor."""
        return self.rows.findings.get(self.table.cursor_key or "")

    @on(LineTable.CursorMoved)
    def _moved(self, event: LineTable.CursorMoved) -> None:
        event.stop()
        self._show_detail()

    def _show_detail(self) -> None:
        finding = self.finding
        if finding is None:
            self.detail.show(())
            return
        hosts = f" ({fmt.names(finding.hosts, 6)})" if finding.hosts else ""
        lines = (
            ("what", finding.what + hosts, ""),
            ("why", finding.why, "$fleet-muted"),
            ("mend", finding.mend, "bold"),
        )
        self.detail.show(fact(label, text, style, width=6) for label, text, style in lines)
