"""What can be done where the focus is, with the keys in force; searchable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from fleet_tui.tui.safe import content
from fleet_tui.tui.twins import twin
from fleet_tui.tui.widgets.columns import Column
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.app import ComposeResult

    from fleet_tui.tui.actions import Action
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.widgets.paint import Span

COLUMNS = (
    Column("keys", "keys", 14),
    Column("title", "what it does", 44, is_flexible=True),
    Column("command", "command", 18, drop=1),
)
EVERYWHERE = ("main", "app", "anywhere", "back")


class HelpRows:
    """The actions of a place, each with all its keys."""

    def __init__(self, app: FleetApp, place: str) -> None:
        self._app = app
        self._actions: dict[str, Action] = {a.id: a for a in app.registry.for_place(place)}
        # Asked before this screen lies over the place: later they would be about its own rows. Over
        # a dialog it is too late for that.
        is_on_top = place == app.place
        self._reasons = {
            a.id: app.why_disabled(a) if is_on_top else "" for a in self._actions.values()
        }

    def ids(self) -> Sequence[str]:
        """Return the actions' ids, those of the place first."""
        return list(self._actions)

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return an action's cells."""
        action = self._actions[key]
        reason = self._reasons[key]
        role = "faint" if reason else ""
        note = [(f" ({reason})", "faint")] if reason else []
        command = f":{action.command} {action.argument}".strip() if action.command else ""
        own = "" if action.scope in EVERYWHERE else "*"
        return {
            "keys": [(self._app.keymap.all_shown(action), "*accent" if not reason else "faint")],
            "title": [(action.title, role or own), *note],
            "command": [(command, "muted")],
        }

    def search_text(self, key: str) -> str:
        """Return what the search looks at."""
        action = self._actions[key]
        return f"{action.title} {action.id} {action.command} {self._app.keymap.all_shown(action)}"


class HelpScreen(ModalScreen[None]):
    """Lists the actions; typing searches them."""

    BINDINGS = [
        Binding("escape,f1", "close", show=False),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
    ]
    DEFAULT_CSS = """
    HelpScreen .dialog { width: 90; height: 90%; }
    HelpScreen Input { margin-bottom: 1; }
    """

    def __init__(self, app: FleetApp, place: str, search: str = "") -> None:
        super().__init__()
        self._place = place
        self._search = search
        self.table = LineTable(HelpRows(app, place), COLUMNS, empty="Nothing matches.", id="help")
        self.table.can_focus = False

    def compose(self) -> ComposeResult:
        """Yield the search field and the list."""
        with Vertical(classes="dialog") as box:
            box.border_title = content(f"Help · {self._place}")
            told = twin(self._place)
            box.border_subtitle = content(f"as text: {told} · esc leaves" if told else "esc leaves")
            yield Input(self._search, placeholder="type to search", compact=True)
            yield self.table

    def on_mount(self) -> None:
        """Show the actions."""
        self.set_focus(self.query_one(Input))
        self.table.set_filter(self._search)

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)

    def action_move(self, rows: int) -> None:
        """Move in the list."""
        self.table.move(rows)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self.table.set_filter(event.value)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.dismiss(None)
