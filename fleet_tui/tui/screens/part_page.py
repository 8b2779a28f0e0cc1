"""A full screen of what one part of the fleet publishes: its rows, and the facts of one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, Protocol, TypeVar

from textual import on

from fleet_tui.model.snapshot import PartView
from fleet_tui.tui.safe import content
from fleet_tui.tui.screens.table_page import TablePage
from fleet_tui.tui.widgets.facts import Facts, fact
from fleet_tui.tui.widgets.table import LineTable
from fleet_tui.tui.widgets.table_rows import TableModel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.widget import Widget

    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store
    from fleet_tui.tui.widgets.columns import Column

V = TypeVar("V", bound=PartView)


class PartRows(TableModel, Protocol[V]):
    """The rows of a picture; their ages are reckoned to `now`, Unix seconds."""

    now: float
    view: V | None

    def take(self, view: V) -> None:
        """Take a newer picture."""


class PartPage(TablePage, Generic[V]):
    """Base of these screens; one says what its title and the facts of a row are."""

    part: ClassVar[type[PartView]]
    """What it shows."""
    opens: ClassVar[str]
    """The action of a row that is clicked."""
    label_width: ClassVar[int]
    """Cells of the column of the facts' labels."""
    DEFAULT_CSS = """
    PartPage Facts { height: auto; max-height: 50%; padding: 0 1; }
    """

    def __init__(
        self, app: FleetApp, crumb: str, rows: PartRows[V], columns: Sequence[Column], empty: str
    ) -> None:
        super().__init__(app, crumb, LineTable(rows, columns, empty=empty))
        self.about = Facts()
        self._rows = rows

    def below(self) -> Sequence[Widget]:
        """Return what is known of the row at the cursor."""
        return (self.about,)

    def on_mount(self) -> None:
        """Begin in the table, with what is known."""
        super().on_mount()
        self._rows.now = self.fleet_app.clock.time()
        self._take(self.fleet_app.store)
        self._show_about()

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show a newer picture at once, ages when they may move."""
        self._rows.now = now
        if not self._take(store) and dirty.numbers:
            self.table.refresh_changed()
        self._show_about()

    def title_of(self, view: V) -> str:
        """Return what stands over the rows; nothing unless a screen sums them up."""
        return ""

    def note_of(self, view: V) -> str:
        """Return what stands under the rows; nothing unless a screen says more."""
        return ""

    def facts(self) -> Iterable[tuple[str, str, str]]:
        """Return label, text and style of what is known of the row at the cursor."""
        return ()

    def _take(self, store: Store) -> bool:
        """Show the newest picture; False when it is the one that is shown."""
        view: V | None = store.part(self.part)  # type: ignore[assignment]
        if view is None or view is self._rows.view:
            return False
        self._rows.take(view)
        self.table.reload()
        self.table.refresh_changed()
        self.entitle(self.title_of(view))
        self.box.border_subtitle = content(self.note_of(view))
        self.show_hints()
        return True

    def _show_about(self) -> None:
        self.about.show(fact(*told, width=self.label_width) for told in self.facts())

    @on(LineTable.CursorMoved)
    def _moved(self, event: LineTable.CursorMoved) -> None:
        event.stop()
        self._show_about()
        self.show_hints()

    @on(LineTable.Opened)
    def _clicked(self, event: LineTable.Opened) -> None:
        event.stop()
        self.fleet_app.perform(self.opens)
