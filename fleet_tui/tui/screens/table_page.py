"""Full screens around a table: one that is filtered here, one that asks the core for its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from fleet_tui.tui.screens.page import Page
from fleet_tui.tui.widgets.filtered_table import FilteredTable

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from fleet_tui.model.errors import FleetError
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.widgets.queried_table import QueriedTable
    from fleet_tui.tui.widgets.table import LineTable

T = TypeVar("T")


class TablePage(Page):
    """Base of the screens that show rows; `/` filters them."""

    def __init__(
        self, app: FleetApp, crumb: str, table: LineTable, filtered: FilteredTable | None = None
    ) -> None:
        super().__init__(app, crumb, filtered or FilteredTable(table))
        self.table = table

    def on_mount(self) -> None:
        """Begin in the table."""
        self.set_focus(self.table)


class QueriedPage(TablePage):
    """Base of the screens whose rows are the answer to what was typed after `/`."""

    def __init__(self, app: FleetApp, crumb: str, found: QueriedTable) -> None:
        super().__init__(app, crumb, found.table, found)
        self.found = found
        self._asked = 0

    def ask_newest(self, answer: Future[T], show: Callable[[T], None]) -> None:
        """Show an answer when it comes, unless something newer was asked for meanwhile."""
        self._asked += 1
        number = self._asked

        def answered(found: T) -> None:
            if number == self._asked:
                show(found)

        def refused(error: FleetError) -> None:
            if number == self._asked:
                self.refuse(error)

        self.fleet_app.ask(answer, answered, refused)
