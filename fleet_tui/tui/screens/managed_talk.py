"""The conversation of one cloud session, as it goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical

from fleet_tui.model.ids import short
from fleet_tui.model.managed_view import ManagedView
from fleet_tui.tui import managed_looks
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import content
from fleet_tui.tui.screens.managed import LABEL, facts_of
from fleet_tui.tui.screens.page import Page
from fleet_tui.tui.widgets.facts import Facts, fact
from fleet_tui.tui.widgets.log_pane import LogPane
from fleet_tui.tui.widgets.log_rows import FixedRows
from fleet_tui.tui.widgets.log_view import LogView

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from fleet_tui.model.managed_view import ManagedRow
    from fleet_tui.model.snapshot import ViewLine
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store


class ManagedTalkScreen(Page):
    """Follows to the end; `s` says something, `x` stops it, `a` and `d` answer what it asks."""

    place = "managed-talk"
    BINDINGS = bindings_for("cloud", "lines", "back")
    DEFAULT_CSS = """
    ManagedTalkScreen #talk-facts { height: auto; max-height: 40%; padding: 0 1; }
    """

    def __init__(self, app: FleetApp, identifier: str) -> None:
        super().__init__(app, f"managed / {short(identifier)}")
        self.identifier = identifier
        view = LogView(app.clock_time, empty="Nothing was said yet.", id="managed-lines")
        self.log_pane = LogPane(view)
        self.facts = Facts(id="talk-facts")
        self._frame = Vertical(self.log_pane, classes="body")
        self._row: ManagedRow | None = None
        self._shown = -1

    def compose(self) -> ComposeResult:
        """Yield the conversation, and how the session stands."""
        yield self.crumbs
        yield self._frame
        yield self.facts
        yield self.hints

    def on_mount(self) -> None:
        """Ask for what was said."""
        self.set_focus(self.log_pane.view)
        self.log_pane.view.change_look(is_folded=False)
        view = self.fleet_app.store.part(ManagedView)
        self._take(view, self.fleet_app.clock.time())
        if self._shown < 0:
            self.reload()

    @property
    def session_row(self) -> ManagedRow | None:
        """Return the session."""
        return self._row

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show what has changed."""
        if ManagedView in dirty.parts or dirty.numbers:
            self._take(store.part(ManagedView), now)

    def reload(self) -> None:
        """Ask the core for the lines again."""
        self.fleet_app.ask(self.fleet_app.control.managed.lines(self.identifier), self._paint)

    def _take(self, view: ManagedView | None, now: float) -> None:
        row = view.row(self.identifier) if view is not None else None
        if row is None:
            return
        self._row = row
        self.facts.show(fact(*told, width=LABEL) for told in facts_of(row, now))
        look = managed_looks.look_of(row, now)
        told = f"{look.glyph} {look.word} · {managed_looks.cost_of(row)} · {row.session.title}"
        self._frame.border_title = content(told)
        self.show_hints()
        if row.lines != self._shown:
            self._shown = row.lines
            self.reload()

    def _paint(self, lines: tuple[ViewLine, ...]) -> None:
        self.log_pane.show_source(FixedRows([(line.tag, line.text) for line in lines]))

    @on(LogView.Moved)
    def _moved(self, event: LogView.Moved) -> None:
        event.stop()
        self._frame.border_subtitle = content(self.log_pane.search_status())
