"""What the composer and its form for one session have in common: a prompt, its history, sending."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from textual import on
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Label, Static

from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.help_key import HELP
from fleet_tui.tui.safe import clean_block, content, short
from fleet_tui.tui.screens.picker import Choice, Picker
from fleet_tui.tui.widgets.prompt_area import PromptArea

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from textual.app import ComposeResult
    from textual.widget import Widget

    from fleet_tui.model.errors import FleetError
    from fleet_tui.tui.app import FleetApp

T = TypeVar("T")

BUTTONS = {"send": "Send", "history": "History", "import": "Plan", "close": "Keep draft"}
"""Verb of the composer's actions to the button's word."""


class PromptScreen(ModalScreen[None]):
    """Escape keeps the draft; nothing is ever sent with Enter from the prompt."""

    place = "composer"
    CSS_PATH = "prompt_screen.tcss"
    BINDINGS = bindings_for("composer", "anywhere")

    def __init__(self, app: FleetApp, prompt: str) -> None:
        super().__init__()
        self.fleet_app = app
        self.prompt = PromptArea(prompt, id="prompt")
        self.status = Static("", id="status", markup=False)
        self._is_asking = False

    def on_mount(self) -> None:
        """Fetch the prompts sent before."""
        self.fleet_app.ask(self.fleet_app.control.prompt_history(), self._take_history)

    @on(Input.Submitted)
    def _field_entered(self, _event: Input.Submitted) -> None:
        self.focus_next()

    def _take_history(self, history: tuple[str, ...]) -> None:
        self.prompt.older = history

    @property
    def help_hint(self) -> str:
        """Return what the border says of help: the key that is no text; empty without one."""
        key = self.fleet_app.keymap.shown_in_fields(self.fleet_app.registry[HELP])
        return f" · {key} help" if key else ""

    def prompt_rows(self, label: str = "prompt") -> ComposeResult:
        """Yield what ends a form: the prompt, the line that says how it stands, the buttons."""
        yield labelled(label, self.prompt, "prompt-row")
        yield self.status
        with Horizontal(classes="buttons"):
            yield from self.buttons()

    def buttons(self) -> Iterator[Button]:
        """Yield the buttons, each with its key."""
        app = self.fleet_app
        for name, title in BUTTONS.items():
            key = app.keymap.shown(app.registry[f"composer.{name}"])
            yield Button(content(f"{title}  {key}"), id=name, compact=True)

    def say(self, text: str, style: str) -> None:
        """Put a line under the fields."""
        self.status.update(content(text, style))

    if TYPE_CHECKING:

        def send(self) -> None:
            """Send what is written, unless something stands in the way; each screen has its own."""

    def ask_once(
        self,
        order: Callable[[], Future[T]],
        then: Callable[[T], object],
        told: str = "sending …",
    ) -> None:
        """Give the order, unless the core has not answered the last one: sent twice is one."""
        if self._is_asking:
            return
        self._is_asking = True
        self.say(told, "$fleet-muted")
        self.fleet_app.ask(order(), then, self.refused)

    def sent(self, dispatch_id: str) -> None:
        """Close, and show what was begun."""
        app = self.fleet_app
        if app.screen is self:
            self.dismiss(None)
        app.frames.tick()
        if dispatch_id in app.store.dispatches:
            app.main.show_dispatch(dispatch_id)
        app.main.focus_pane("output")

    def refused(self, error: FleetError) -> None:
        """Say why nothing was begun, keep what is written, and let it be tried again."""
        self._is_asking = False
        self.say(str(error), "$fleet-bad")

    def open_history(self) -> None:
        """Choose among the prompts sent before."""
        history = self.prompt.older
        choices = [Choice(str(place), short(text, 300)) for place, text in enumerate(history)]

        def take(place: str | None) -> None:
            if place is not None:
                self.prompt.text = clean_block(history[int(place)])
                self.prompt.focus()

        self.fleet_app.open_screen(Picker("Prompts sent before", choices), take)

    def take_in(self, text: str) -> None:
        """Put text behind what is written."""
        written = self.prompt.text.rstrip()
        self.prompt.text = f"{written}\n\n{text}" if written else text
        self.prompt.focus()

    def close_with_draft(self) -> None:
        """Close; what is written is there the next time."""
        self.dismiss(None)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.press(event.button.id or "")

    def press(self, verb: str) -> None:
        """Do what a button stands for."""
        self.fleet_app.perform(f"composer.{verb}")


def labelled(label: str, field: Widget, row_id: str | None = None) -> Horizontal:
    """Return a row: what it is, and the field."""
    return Horizontal(Label(label, classes="label", markup=False), field, classes="row", id=row_id)
