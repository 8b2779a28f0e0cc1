"""Moving, filtering and marking in whatever table has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui.actions import Action
from fleet_tui.tui.verbs import reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.widgets.table import LineTable


def _on_table(act: Callable[[LineTable], object]) -> Callable[[FleetApp, str], None]:
    def run(app: FleetApp, _argument: str) -> None:
        table = reach.table(app)
        if table is not None:
            act(table)

    return run


def open_filter(app: FleetApp, argument: str) -> None:
    """Ask for a filter, or set the one given."""
    filtered = reach.filtered(app)
    if filtered is None:
        return
    if argument:
        filtered.table.set_filter(argument)
    else:
        filtered.open_filter()


def _last(table: LineTable) -> None:
    table.move_to(len(table.shown_keys) - 1)


ACTIONS = (
    Action("list.down", "Next row", ("j", "down"), "list", _on_table(lambda t: t.move(1))),
    Action("list.up", "Previous row", ("k", "up"), "list", _on_table(lambda t: t.move(-1))),
    Action("list.page-down", "A page down", ("pagedown",), "list", _on_table(lambda t: t.page(1))),
    Action("list.page-up", "A page up", ("pageup",), "list", _on_table(lambda t: t.page(-1))),
    Action("list.first", "First row", ("g", "home"), "list", _on_table(lambda t: t.move_to(0))),
    Action("list.last", "Last row", ("G", "end"), "list", _on_table(_last)),
    Action("list.filter", "Filter the rows", ("/",), "list", open_filter, hint="filter"),
)
