"""Moving, filtering, ordering and marking in whatever table has the focus."""

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


def sort(app: FleetApp, argument: str) -> None:
    """Order the rows by the next column, or by the one named; again turns it round."""
    table = reach.table(app)
    if table is None:
        return
    if not argument:
        table.step_order(1)
    elif not table.sort_column(argument):
        columns = ", ".join(table.sort_columns)
        app.toast(f"No column is called {argument!r}; there are {columns}.", "warning")


def _cannot_mark(app: FleetApp) -> str:
    table = reach.table(app)
    if table is None or not table.can_mark:
        return "Rows of this table cannot be marked."
    return reach.no_rows(app)


def _cannot_sort(app: FleetApp) -> str:
    table = reach.table(app)
    return "" if table is not None and table.sort_columns else "This table has no columns."


ACTIONS = (
    Action("list.down", "Next row", ("j", "down"), "list", _on_table(lambda t: t.move(1))),
    Action("list.up", "Previous row", ("k", "up"), "list", _on_table(lambda t: t.move(-1))),
    Action("list.page-down", "A page down", ("pagedown",), "list", _on_table(lambda t: t.page(1))),
    Action("list.page-up", "A page up", ("pageup",), "list", _on_table(lambda t: t.page(-1))),
    Action("list.first", "First row", ("g", "home"), "list", _on_table(lambda t: t.move_to(0))),
    Action("list.last", "Last row", ("G", "end"), "list", _on_table(_last)),
    Action(
        "list.filter",
        "Filter the rows; !text leaves out",
        ("/",),
        "list",
        open_filter,
        hint="filter",
        command="filter-rows",
        argument="[TEXT]",
    ),
    Action(
        "list.sort",
        "Order by the next column",
        (".", ">"),
        "list",
        sort,
        why_disabled=_cannot_sort,
        command="sort",
        argument="[COLUMN]",
    ),
    Action(
        "list.sort-back",
        "Order by the previous column",
        ("comma", "<"),
        "list",
        _on_table(lambda t: t.step_order(-1)),
        why_disabled=_cannot_sort,
    ),
    Action(
        "list.reverse",
        "Turn the order round",
        ("=",),
        "list",
        _on_table(lambda t: t.reverse_order()),
        why_disabled=_cannot_sort,
    ),
    Action(
        "list.mark",
        "Mark the row",
        ("space",),
        "list",
        _on_table(lambda t: t.toggle_mark()),
        hint="mark",
        why_disabled=_cannot_mark,
    ),
    Action(
        "list.range",
        "Begin a range; again marks its rows",
        ("v",),
        "list",
        _on_table(lambda t: t.toggle_range()),
        why_disabled=_cannot_mark,
    ),
    Action(
        "list.invert",
        "Invert the marks",
        ("*", "i"),
        "list",
        _on_table(lambda t: t.invert_marks()),
        why_disabled=_cannot_mark,
    ),
    Action(
        "list.unmark",
        "Clear the marks",
        ("u",),
        "list",
        _on_table(lambda t: t.clear_marks()),
        why_disabled=_cannot_mark,
    ),
)
