"""What a key is about: the table, the output or the pane that has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.widgets.filtered_table import FilteredTable
    from fleet_tui.tui.widgets.log_pane import LogPane
    from fleet_tui.tui.widgets.table import LineTable


def table(app: FleetApp) -> LineTable | None:
    """Return the table that has the focus, else the screen's first."""
    from fleet_tui.tui.widgets.table import LineTable

    focused = app.screen.focused
    if isinstance(focused, LineTable):
        return focused
    return next(iter(app.screen.query(LineTable)), None)


def filtered(app: FleetApp) -> FilteredTable | None:
    """Return that table with its filter line."""
    from fleet_tui.tui.widgets.filtered_table import FilteredTable

    found = table(app)
    return found.parent if found and isinstance(found.parent, FilteredTable) else None


def log(app: FleetApp) -> LogPane | None:
    """Return the output of the screen on top."""
    from fleet_tui.tui.widgets.log_pane import LogPane

    focused = app.screen.focused
    if focused is not None and isinstance(focused.parent, LogPane):
        return focused.parent
    return next(iter(app.screen.query(LogPane)), None)


def no_rows(app: FleetApp) -> str:
    """Say why nothing can be done with a row."""
    found = table(app)
    return "" if found is not None and found.cursor_key is not None else "There is no row here."


def no_lines(app: FleetApp) -> str:
    """Say why nothing can be done with a line."""
    found = log(app)
    return "" if found is not None and found.view.source.rows else "There is no output yet."


def no_dispatch(app: FleetApp) -> str:
    """Say why nothing can be done with a dispatch."""
    shown = app.main.output.dispatch_id
    return "" if shown else "Nothing was dispatched yet; d sends a prompt."


def read_only(app: FleetApp) -> str:
    """Say why nothing can be changed."""
    return app.why_read_only
