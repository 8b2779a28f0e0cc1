"""What runs by itself: the last start and the next one of each, and how those before went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.daemons_view import DaemonsView
from fleet_tui.tui import fmt
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.daemon_looks import duty_look, row_of, start_look
from fleet_tui.tui.safe import clean, short
from fleet_tui.tui.screens.part_page import PartPage
from fleet_tui.tui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fleet_tui.model.daemons_view import DutyView, StartView
    from fleet_tui.model.snapshot import DispatchView
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.widgets.paint import Span

COLUMNS = (
    Column("state", "state", 12),
    Column("name", "name", 12, is_flexible=True, most=22),
    Column("when", "when", 9, is_flexible=True, most=20, drop=2),
    Column("next", "next", 6, is_right=True),
    Column("last", "last", 5, is_right=True),
    Column("outcome", "outcome", 11),
    Column("cost", "cost", 7, is_right=True, drop=4),
    Column("history", "starts", 8, drop=3),
    Column("said", "said", 16, is_flexible=True, drop=1),
)
EMPTY = "Nothing runs by itself: add a [[daemon]] or a [[schedule]] to fleet.toml."


class DutyRows:
    """A row for each daemon and each schedule."""

    def __init__(self) -> None:
        self.now = 0.0
        self.view: DaemonsView | None = None

    def take(self, view: DaemonsView) -> None:
        """Take a newer picture."""
        self.view = view

    def duty(self, key: str | None) -> DutyView | None:
        """Return one."""
        return self.view.duty(key) if self.view is not None and key is not None else None

    def ids(self) -> Sequence[str]:
        """Return the names."""
        return [row.name for row in self.view.rows] if self.view is not None else []

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return the cells of one."""
        row = self.duty(key)
        assert row is not None
        look, last = duty_look(row), row.last
        end = start_look(last)
        return {
            "state": [(f"{look.glyph} {look.word}", look.role)],
            "name": [(fmt.clip_middle(clean(row.name), 22), "")],
            "when": [(row.rhythm, "muted")],
            "next": [(self.until(row), "")],
            "last": [("" if last is None else fmt.age(self.now - last.begun_at), "muted")],
            "outcome": [(f"{end.glyph} {end.word}", end.role)],
            "cost": [(_cost(last), "" if last and last.cost_usd else "faint")],
            "history": [(row_of(row.recent), "muted")],
            "said": [(short(last.said, 200) if last is not None else "", "muted")],
        }

    def until(self, row: DutyView) -> str:
        """Return how long it is until its next start."""
        if row.next_at is None or row.state == "idle":
            return "\N{EM DASH}"
        return "now" if row.next_at <= self.now else fmt.age(row.next_at - self.now)

    def sort_value(self, key: str, column: str) -> float | str | None:
        """Return what a cell is ordered by."""
        row = self.duty(key)
        assert row is not None
        if column == "next":
            return row.next_at
        if column == "last":
            return -row.last.begun_at if row.last is not None else None
        if column == "cost":
            return -row.last.cost_usd if row.last and row.last.cost_usd is not None else None
        return "".join(text for text, _ in self.cells(key)[column])

    def search_text(self, key: str) -> str:
        """Return what the filter looks at."""
        row = self.duty(key)
        assert row is not None
        said = row.last.said if row.last is not None else ""
        return " ".join((row.name, row.kind, row.state, row.target, row.prompt, said))


def _cost(start: StartView | None) -> str:
    if start is None or start.ended_at is None:
        return ""
    if start.cost_usd is None:
        return "" if start.cost_is_complete else fmt.money(None)
    return fmt.money(start.cost_usd) + ("" if start.cost_is_complete else "+")


class DaemonsScreen(PartPage[DaemonsView]):
    """`enter` opens the last run, `r` starts one now, `t` pauses it or lets it go on."""

    place = "daemons"
    part = DaemonsView
    opens = "daemons.last"
    label_width = 9
    BINDINGS = bindings_for("daemons", "list", "back")

    def __init__(self, app: FleetApp) -> None:
        self.rows = DutyRows()
        super().__init__(app, "daemons", self.rows, COLUMNS, EMPTY)

    @property
    def at_cursor(self) -> DutyView | None:
        """Return the one at the cursor."""
        return self.rows.duty(self.table.cursor_key)

    def title_of(self, view: DaemonsView) -> str:
        """Return how many there are, and how they stand."""
        return _title(view)

    def open_last(self) -> None:
        """Load its newest dispatch that was made, and show it in the output pane."""
        row, app = self.at_cursor, self.fleet_app
        made = row and next((one for one in row.recent if one.runs or not one.outcome), None)
        if not made:
            return

        def opened(view: DispatchView) -> None:
            if app.screen is self:
                app.pop_screen()
            app.frames.tick()
            app.main.show_dispatch(view.dispatch.id)
            app.main.focus_pane("output")

        app.ask(app.control.open_dispatch(made.dispatch), opened)

    def facts(self) -> Iterator[tuple[str, str, str]]:
        """Yield what is known of the one at the cursor."""
        row = self.at_cursor
        if row is None:
            return
        look = duty_look(row)
        since = ""
        if row.state_since is not None:
            since = f" for {fmt.age(self.rows.now - row.state_since)}"
        state = f"{look.glyph} {look.word}{since}"
        if row.failures:
            state += f" · failed {fmt.some(row.failures, 'time')} in a row"
        if row.skipped:
            state += f" · {fmt.some(row.skipped, 'start')} left out: its run was not over"
        given = f" · MCP {', '.join(row.mcp)}" if row.mcp else ""
        yield row.kind, f"{row.name} · {row.rhythm} · {row.target} · mode {row.mode}{given}", "bold"
        yield "asks", short(row.prompt, 240), ""
        yield "state", state, f"$fleet-{look.role}"
        yield "run by", _runner(row), "$fleet-muted"
        if row.next_at is not None and row.state != "idle":
            yield "next", self.fleet_app.clock_time(row.next_at), ""
        if row.last is not None:
            yield "said", short(row.last.said, 240) or "nothing yet", ""


def _runner(row: DutyView) -> str:
    if row.is_ours:
        return "this program"
    return row.holder or row.why or "nobody"


def _title(view: DaemonsView) -> str:
    kinds = [row.kind for row in view.rows]
    counts = [fmt.some(kinds.count(kind), kind) for kind in ("daemon", "schedule") if kind in kinds]
    running = sum(row.state in ("running", "finishing") for row in view.rows)
    failing = sum(row.failures > 0 for row in view.rows)
    counts += [f"{running} running"] if running else []
    counts += [f"{failing} failing"] if failing else []
    return " · ".join(counts)
