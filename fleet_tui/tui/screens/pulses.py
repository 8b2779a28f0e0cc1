"""The pulse of every host on one screen: runs, output, cost and latency as small curves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from fleet_tui.tui import fmt, states
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.pulse import SAMPLES, sparkline
from fleet_tui.tui.safe import clean
from fleet_tui.tui.screens.table_page import TablePage
from fleet_tui.tui.widgets.columns import Column
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store
    from fleet_tui.tui.widgets.paint import Span

NUMBER = 7
COLUMNS = (
    Column("name", "host", 10, is_flexible=True, most=20),
    Column("running", "running", 12, is_flexible=True, most=70),
    Column("lines", "lines/s", 12, is_flexible=True, most=70),
    Column("usd", "cost today", 12, is_flexible=True, most=70),
    Column("latency", "latency", 12, is_flexible=True, most=70),
)


class PulseRows:
    """A row for each host."""

    def __init__(self, app: FleetApp) -> None:
        self._app = app
        self.widths: Mapping[str, int] = {}

    def ids(self) -> Sequence[str]:
        """Return the hosts as fleet.toml has them."""
        return list(self._app.store.hosts)

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return a host's curves, each with its newest number."""
        host = self._app.store.hosts[key]
        look = states.LINKS[host.link.state]
        samples = self._app.pulse.hosts.get(key, ())
        newest = samples[-1] if samples else None
        curves: dict[str, tuple[Sequence[float | None], str, str]] = {
            "running": ([s.running for s in samples], str(host.open_runs), "accent"),
            "lines": ([s.lines for s in samples], f"{newest.lines:,.0f}" if newest else "", "tool"),
            "usd": ([s.usd for s in samples], fmt.money(host.cost_today_usd), "wait"),
            "latency": ([s.latency for s in samples], fmt.latency(host.link.latency_seconds), "ok"),
        }
        cells: dict[str, Sequence[Span]] = {
            "name": [(f"{look.glyph} ", look.role), (fmt.clip_middle(clean(key), 18), "")]
        }
        for column, (values, number, role) in curves.items():
            room = max(0, self.widths.get(column, 12) - NUMBER - 1)
            cells[column] = [(sparkline(values, room), role), (f" {number:>{NUMBER}}", "")]
        return cells

    def search_text(self, key: str) -> str:
        """Return the host's name."""
        return key


class PulsesScreen(TablePage):
    """`enter` opens the host."""

    place = "pulses"
    BINDINGS = bindings_for("pulses", "list", "back")

    def __init__(self, app: FleetApp) -> None:
        self.rows = PulseRows(app)
        table = LineTable(self.rows, COLUMNS, empty="No hosts.", id="pulses-table")
        super().__init__(app, "pulses", table)
        self.entitle(f"the last {fmt.age(SAMPLES)}, newest on the right")

    def on_mount(self) -> None:
        """Begin in the table."""
        self.table.reload()

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show the newest sample."""
        if dirty.numbers or dirty.hosts:
            self.rows.widths = {c.id: self.table.column_width(c.id) for c in COLUMNS}
            if len(self.rows.ids()) != len(self.table.shown_keys) and not self.table.filter:
                self.table.reload()
            self.table.refresh_changed()

    def open_row(self) -> None:
        """Show all that is known of the host at the cursor."""
        if self.table.cursor_key is not None:
            self.fleet_app.perform("hosts.open", self.table.cursor_key)

    @on(LineTable.Opened)
    def _clicked(self, event: LineTable.Opened) -> None:
        event.stop()
        self.open_row()
