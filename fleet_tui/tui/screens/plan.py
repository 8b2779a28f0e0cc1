"""Where a plan comes from: the path of a file, or the clipboard."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from textual import on, work
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from fleet_tui.tui import plans
from fleet_tui.tui.help_key import HELP_BINDING
from fleet_tui.tui.requests import DraftProblem
from fleet_tui.tui.safe import content

if TYPE_CHECKING:
    from textual.app import ComposeResult


class PlanScreen(ModalScreen[str | None]):
    """Closes with the text, or with None."""

    BINDINGS = [Binding("escape", "leave", show=False), HELP_BINDING]
    DEFAULT_CSS = """
    PlanScreen { align: center middle; }
    PlanScreen .dialog { width: 74; height: 9; }
    PlanScreen .buttons { height: 1; margin-top: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._path = Input(placeholder="path of a text file, at most 256 kB", compact=True)
        self._status = Static("", markup=False)

    def compose(self) -> ComposeResult:
        """Yield the field and the buttons."""
        with Vertical(classes="dialog") as box:
            box.border_title = content("Bring a plan into the prompt")
            box.border_subtitle = content("enter reads the file · tab to the clipboard · esc back")
            yield self._path
            yield self._status
            with Horizontal(classes="buttons"):
                yield Button(content("Read the file"), id="file", compact=True)
                yield Button(content("Take the clipboard"), id="clipboard", compact=True)

    def on_mount(self) -> None:
        """Begin in the path."""
        self.set_focus(self._path)

    @on(Input.Submitted)
    @on(Button.Pressed, "#file")
    def _read_file(self, event: Input.Submitted | Button.Pressed) -> None:
        event.stop()
        if not self._path.value.strip():
            self._say("Name a file, or take the clipboard.")
            return
        try:
            text = plans.read_file(self._path.value)
        except DraftProblem as problem:
            self._say(str(problem))
            return
        self.dismiss(text)

    @on(Button.Pressed, "#clipboard")
    def _take_clipboard(self, event: Button.Pressed) -> None:
        event.stop()
        self._read_clipboard()

    @work(exclusive=True)
    async def _read_clipboard(self) -> None:
        try:
            text = await asyncio.to_thread(plans.read_clipboard, os.environ)
        except DraftProblem as problem:
            self._say(str(problem))
            return
        self.dismiss(text)

    def _say(self, text: str) -> None:
        self._status.update(content(text, "$fleet-bad"))

    def action_leave(self) -> None:
        """Bring nothing."""
        self.dismiss(None)
