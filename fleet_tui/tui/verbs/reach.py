"""What a key is about: the table, the output or the pane that has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from fleet_tui.model.snapshot import RunView
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.widgets.filtered_table import FilteredTable
    from fleet_tui.tui.widgets.log_pane import LogPane
    from fleet_tui.tui.widgets.table import LineTable


@runtime_checkable
class AboutRun(Protocol):
    """A screen that is about a host and one of its runs."""

    host_name: str

    @property
    def run_at_cursor(self) -> RunView | None:
        """Return the run; None when there is none."""


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


def run(app: FleetApp) -> RunView | None:
    """Return the one run an action is about; None when several are shown and none is chosen."""
    if isinstance(app.screen, AboutRun):
        return app.screen.run_at_cursor
    output = app.main.output
    shown = output.subject()
    if len(shown) == 1:
        return shown[0]
    row = output.view.row_at_cursor() if output.view.cursor is not None else None
    runs = output.runs
    return runs[row.run] if row is not None and 0 <= row.run < len(runs) else None


def host(app: FleetApp) -> str:
    """Return the host an action is about: that of the table's cursor, the page, or the run."""
    if isinstance(app.screen, AboutRun):
        return app.screen.host_name
    if app.main.current == "hosts":
        return app.main.hosts.table.cursor_key or ""
    view = run(app)
    return view.run.host if view is not None else ""


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
