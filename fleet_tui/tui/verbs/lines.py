"""Moving, searching, filtering and copying in whatever output has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui import fmt
from fleet_tui.tui.actions import Action
from fleet_tui.tui.verbs import reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.widgets.log_pane import LogPane

COPY_ROWS = 20_000


def _on_log(act: Callable[[LogPane], object]) -> Callable[[FleetApp, str], None]:
    def run(app: FleetApp, _argument: str) -> None:
        pane = reach.log(app)
        if pane is not None:
            act(pane)

    return run


def open_search(app: FleetApp, argument: str) -> None:
    """Ask what to look for, or look for what is given."""
    pane = reach.log(app)
    if pane is None:
        return
    if argument:
        pane.start_search(argument)
    else:
        pane.open_search()


def _step_match(direction: int) -> Callable[[FleetApp, str], None]:
    def run(app: FleetApp, _argument: str) -> None:
        pane = reach.log(app)
        if pane is None:
            return
        if pane.search is None:
            pane.open_search()
        elif not pane.step_match(direction):
            reason = pane.search.problem or "no match"
            app.toast(f"{pane.search.needle!r}: {reason}.", "warning")

    return run


def copy(app: FleetApp, _argument: str) -> None:
    """Copy the selected text, else the line at the cursor."""
    selected = app.screen.get_selected_text()
    if selected:
        app.copy(selected, "the selection")
        return
    pane = reach.log(app)
    row = pane.view.row_at_cursor() if pane is not None else None
    if row is not None:
        app.copy(row.text, "the line")


def copy_block(app: FleetApp, _argument: str) -> None:
    """Copy what belongs together around the line: an answer, a tool's result, a run's output."""
    pane = reach.log(app)
    rows = pane.block() if pane is not None else []
    if rows:
        app.copy("\n".join(row.text for row in rows), f"the block, {fmt.some(len(rows), 'line')}")


def open_filter(app: FleetApp, argument: str) -> None:
    """Ask which lines to show, or show those that are asked for."""
    pane = reach.log(app)
    if pane is None:
        return
    if argument:
        pane.set_filter(argument)
    else:
        pane.open_filter()


def next_mark(app: FleetApp, _argument: str) -> None:
    """Go to the next marked line."""
    pane = reach.log(app)
    if pane is not None and not pane.step_mark():
        app.toast("No line is marked; . marks the one at the cursor.", "warning")


def copy_all(app: FleetApp, _argument: str) -> None:
    """Copy every line of what is shown."""
    pane = reach.log(app)
    if pane is None:
        return
    total = pane.view.source.rows
    rows = pane.view.source.read(max(0, total - COPY_ROWS), COPY_ROWS)
    what = fmt.some(len(rows), "line")
    app.copy(
        "\n".join(row.text for row in rows), what if total <= COPY_ROWS else f"the last {what}"
    )


def _wrap(pane: LogPane) -> None:
    pane.view.change_look(is_wrapped=not pane.view.look.is_wrapped)


ACTIONS = (
    Action("lines.down", "Next line", ("j", "down"), "lines", _on_log(lambda p: p.view.move(1))),
    Action("lines.up", "Previous line", ("k", "up"), "lines", _on_log(lambda p: p.view.move(-1))),
    Action(
        "lines.page-down",
        "A page down",
        ("pagedown", "space"),
        "lines",
        _on_log(lambda p: p.view.page(1)),
    ),
    Action("lines.page-up", "A page up", ("pageup",), "lines", _on_log(lambda p: p.view.page(-1))),
    Action("lines.first", "First line", ("home",), "lines", _on_log(lambda p: p.view.top())),
    Action(
        "lines.follow",
        "Go to the end and follow",
        ("f", "end", "G"),
        "lines",
        _on_log(lambda p: p.view.follow()),
        hint="follow",
    ),
    Action(
        "lines.search",
        "Search the output; re: begins a pattern",
        ("/",),
        "lines",
        open_search,
        hint="search",
        why_disabled=reach.no_lines,
        command="search",
        argument="TEXT",
    ),
    Action("lines.next", "Next match", ("n",), "lines", _step_match(1)),
    Action("lines.previous", "Previous match", ("N", "comma"), "lines", _step_match(-1)),
    Action(
        "lines.filter",
        "Show only some lines: text, !text, re:pattern, host=web*",
        ("&", "i"),
        "lines",
        open_filter,
        hint="filter",
        why_disabled=reach.no_lines,
        command="filter",
        argument="[host=GLOB] [!][re:]TEXT",
    ),
    Action(
        "lines.mark",
        "Mark the line, or unmark it",
        (".",),
        "lines",
        _on_log(lambda p: p.toggle_mark()),
        why_disabled=reach.no_lines,
    ),
    Action("lines.next-mark", "Next marked line", ("'",), "lines", next_mark),
    Action("lines.wrap", "Wrap long lines, or cut them", ("w",), "lines", _on_log(_wrap)),
    Action(
        "lines.copy",
        "Copy the selection, else the line",
        ("y",),
        "lines",
        copy,
        why_disabled=reach.no_lines,
    ),
    Action(
        "lines.copy-block",
        "Copy the block around the line",
        ("C", "f6"),
        "lines",
        copy_block,
        why_disabled=reach.no_lines,
        command="copy-block",
    ),
    Action(
        "lines.copy-all",
        "Copy everything shown",
        ("Y", "e"),
        "lines",
        copy_all,
        why_disabled=reach.no_lines,
        command="copy",
    ),
)
