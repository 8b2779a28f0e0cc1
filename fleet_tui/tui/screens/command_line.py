"""The `:` command line at the bottom of whatever screen is on top."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import events, on
from textual.binding import Binding
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from fleet_tui.tui.commands import CommandSuggester, parse
from fleet_tui.tui.help_key import HELP_BINDING

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from fleet_tui.tui.app import FleetApp


class CommandLine(ModalScreen[None]):
    """Tab or → completes, ↑ and ↓ go through what was typed before."""

    BINDINGS = [
        Binding("escape", "close", show=False),
        Binding("tab", "complete", show=False, priority=True),
        Binding("up", "recall(-1)", show=False, priority=True),
        Binding("down", "recall(1)", show=False, priority=True),
        HELP_BINDING,
    ]
    DEFAULT_CSS = """
    CommandLine { background: transparent; }
    CommandLine #line { dock: bottom; height: 1; background: $panel; }
    CommandLine Label { width: auto; padding: 0 0 0 1; color: $fleet-accent; text-style: bold; }
    CommandLine Input { width: 1fr; background: $panel; }
    """

    def __init__(self, app: FleetApp) -> None:
        super().__init__()
        self._fleet_app = app
        self._place = len(app.kept.history)
        config = app.control.config
        suggester = CommandSuggester(app.registry, config.hosts, app.themes.themes, config.aliases)
        self._input = Input(
            placeholder="command; tab completes, esc leaves", compact=True, suggester=suggester
        )

    def compose(self) -> ComposeResult:
        """Yield the line."""
        with Horizontal(id="line"):
            yield Label(":", markup=False)
            yield self._input

    def on_mount(self) -> None:
        """Begin in the line."""
        self.set_focus(self._input)

    def action_close(self) -> None:
        """Leave without doing anything."""
        self.dismiss(None)

    def action_complete(self) -> None:
        """Take the completion that is shown."""
        self._input.action_cursor_right() if self._input.cursor_at_end else self._input.action_end()

    def action_recall(self, step: int) -> None:
        """Show an earlier or later line."""
        history = self._fleet_app.kept.history
        self._place = max(0, min(len(history), self._place + step))
        self._input.value = history[self._place] if self._place < len(history) else ""
        self._input.action_end()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        app, line = self._fleet_app, event.value.strip()
        self.dismiss(None)
        if not line:
            return
        app.kept.add_line(line)
        parsed = parse(app.registry, line, app.control.config.aliases)
        if parsed.action is None:
            app.toast(parsed.problem, "warning")
        else:
            app.call_after_refresh(app.perform, parsed.action.id, parsed.argument)

    def on_click(self, event: events.Click) -> None:
        """Leave when the click was elsewhere."""
        if event.widget is self:
            self.dismiss(None)
