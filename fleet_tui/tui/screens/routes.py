"""The routes on which notices leave, the ways on which they come in, and whether each works."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Static

from fleet_tui.model.routes_view import RoutesView
from fleet_tui.tui import fmt
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.notice_looks import route_look
from fleet_tui.tui.safe import clean, content
from fleet_tui.tui.screens.table_page import TablePage
from fleet_tui.tui.states import Look
from fleet_tui.tui.widgets.columns import Column
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.widget import Widget

    from fleet_tui.model.routes_view import RouteView, WayView
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store
    from fleet_tui.tui.widgets.paint import Span

COLUMNS = (
    Column("state", "state", 11),
    Column("name", "route", 10, is_flexible=True, most=24),
    Column("kind", "kind", 9),
    Column("queued", "waiting", 7, is_right=True, drop=2),
    Column("failed", "failed", 6, is_right=True, drop=3),
    Column("when", "taken", 8, drop=4),
    Column("last", "last answer", 16, is_flexible=True, drop=1),
)
EMPTY = "No route: add a [[notify]] or a [receiver] to fleet.toml."


class RouteRows:
    """A row for each route, and for each way in."""

    def __init__(self) -> None:
        self.now = 0.0
        self.routes: Mapping[str, RouteView] = {}
        self._ways: Mapping[str, WayView] = {}

    def take(self, view: RoutesView, now: float) -> None:
        """Show this picture."""
        self.now = now
        self.routes = {f"out/{route.name}": route for route in view.routes}
        self._ways = {f"in/{way.kind}/{way.name}": way for way in view.ways}

    def ids(self) -> Sequence[str]:
        """Return the keys."""
        return [*self.routes, *self._ways]

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return a row's cells."""
        return self._of_route(self.routes[key]) if key in self.routes else self._of_way(key)

    def sort_value(self, key: str, column: str) -> float | str | None:
        """Return what a cell is ordered by."""
        return "".join(text for text, _ in self.cells(key)[column])

    def search_text(self, key: str) -> str:
        """Return what the filter looks at."""
        return " ".join(text for spans in self.cells(key).values() for text, _ in spans)

    def _of_route(self, route: RouteView) -> Mapping[str, Sequence[Span]]:
        look = route_look(route)
        at = route.accepted_at
        return {
            "state": [(f"{look.glyph} {look.word}", look.role)],
            "name": [(clean(route.name), "")],
            "kind": [(route.kind, "muted")],
            "queued": [(fmt.count(route.queued) if route.queued else "", "wait")],
            "failed": [(fmt.count(route.failed) if route.failed else "", "bad")],
            "when": [("" if at is None else f"{fmt.age(max(0.0, self.now - at))} ago", "muted")],
            "last": [(clean(route.last), "muted")],
        }

    def _of_way(self, key: str) -> Mapping[str, Sequence[Span]]:
        way = self._ways[key]
        look = Look("●", "open", "ok") if way.is_open else Look("○", "closed", "wait")
        return {
            "state": [(f"{look.glyph} {look.word}", look.role)],
            "name": [(clean(way.name), "")],
            "kind": [(way.kind, "muted")],
            "queued": [("", "")],
            "failed": [("", "")],
            "when": [("", "")],
            "last": [(clean(way.problem) or _what(way), "muted")],
        }


def _what(way: WayView) -> str:
    if not way.is_open:
        return "no contact"
    return "takes answers" if way.kind == "reply" else "takes notices in"


class RoutesScreen(TablePage):
    """`t` sends a test on the route at the cursor."""

    place = "routes"
    BINDINGS = bindings_for("routes", "list", "back")
    DEFAULT_CSS = """
    RoutesScreen #routes-said { height: 1; padding: 0 1; }
    """

    def __init__(self, app: FleetApp) -> None:
        self.rows = RouteRows()
        table = LineTable(self.rows, COLUMNS, empty=EMPTY, id="routes-table")
        super().__init__(app, "notices / routes", table)
        self._said = Static("", id="routes-said", markup=False)

    def below(self) -> Sequence[Widget]:
        """Return what the last test said."""
        return (self._said,)

    def on_mount(self) -> None:
        """Show what is known."""
        self._show()

    @property
    def at_cursor(self) -> RouteView | None:
        """Return the route at the cursor; None for a way in."""
        return self.rows.routes.get(self.table.cursor_key or "")

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show a newer picture at once, ages when they may move."""
        if RoutesView in dirty.parts or dirty.numbers:
            self._show()

    def test(self) -> None:
        """Send a test on the route at the cursor."""
        route = self.at_cursor
        if route is not None:
            name = route.name
            self._said.update(content(f"{name}: sending a test …"))
            self.fleet_app.ask(
                self.fleet_app.control.notices.test(name),
                lambda said: self._said.update(content(clean(f"{name}: {said}"))),
            )

    def _show(self) -> None:
        view = self.fleet_app.store.part(RoutesView)
        if view is not None:
            self.rows.take(view, self.fleet_app.clock.time())
            self.table.reload()
            self.table.refresh_changed()
            self.show_hints()
