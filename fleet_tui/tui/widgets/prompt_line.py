"""A one-line question inside a pane: a filter, a search. Escape takes it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.binding import Binding
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label

from fleet_tui.tui.safe import content

if TYPE_CHECKING:
    from textual.app import ComposeResult


class PromptLine(Horizontal):
    """Hidden until opened; tells its parent what is typed."""

    DEFAULT_CSS = """
    PromptLine { height: 1; }
    PromptLine Label { width: auto; padding: 0 1; color: $fleet-accent; }
    PromptLine Input { width: 1fr; background: transparent; }
    """
    BINDINGS = [Binding("escape", "cancel", show=False)]

    class Changed(Message):
        """The text changed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Submitted(Message):
        """Enter was pressed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Cancelled(Message):
        """Escape was pressed."""

    def __init__(self, label: str, placeholder: str = "") -> None:
        super().__init__()
        self.display = False
        self._label = label
        self._input = Input(placeholder=placeholder, compact=True, select_on_focus=True)

    def compose(self) -> ComposeResult:
        """Yield the label and the field."""
        yield Label(content(self._label), markup=False)
        yield self._input

    @property
    def is_open(self) -> bool:
        """True while it can be seen."""
        return self.display

    def open(self, text: str = "") -> None:
        """Show it with `text` and give it the focus."""
        self.display = True
        self._input.value = text
        self.screen.set_focus(self._input)

    def close(self) -> None:
        """Hide it."""
        self.display = False

    def action_cancel(self) -> None:
        """Hide it and say so."""
        self.close()
        self.post_message(self.Cancelled())

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.is_open:
            self.post_message(self.Changed(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.post_message(self.Submitted(event.value))
