"""A question before something that cannot be undone; No has the focus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from fleet_tui.tui.help_key import HELP_BINDING
from fleet_tui.tui.safe import clean, content

if TYPE_CHECKING:
    from textual.app import ComposeResult

MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class Question:
    """What is about to happen, to what, and what that does."""

    verb: str
    targets: tuple[str, ...]
    effect: str
    yes: str


class ConfirmScreen(ModalScreen[bool]):
    """Answers True only to a deliberate yes."""

    BINDINGS = [
        Binding("y", "answer(True)", show=False),
        Binding("n,escape", "answer(False)", show=False),
        Binding("left,right,tab", "app.focus_next", show=False),
        HELP_BINDING,
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        self._targets = Static("", markup=False)
        self._effect = Static("", classes="quiet", markup=False)
        self.put(question)

    def put(self, question: Question) -> None:
        """Show what it is about and its effect as they are now."""
        self.question = question
        names = [clean(name) for name in question.targets[:MOST_NAMED]]
        more = len(question.targets) - len(names)
        listed = ", ".join(names) + (f" and {more} more" if more > 0 else "")
        self._targets.update(content(listed, "bold"))
        self._effect.update(content(question.effect))

    def compose(self) -> ComposeResult:
        """Yield the question, what it is about, its effect and the two answers."""
        question = self.question
        with Vertical(classes="dialog") as box:
            box.border_title = content(f"{question.verb}?")
            yield self._targets
            yield self._effect
            with Horizontal(classes="buttons"):
                yield Button(content("No  n"), id="no", compact=True)
                yield Button(
                    content(f"{question.yes}  y"), id="yes", classes="danger", compact=True
                )

    def on_mount(self) -> None:
        """Begin on No."""
        self.set_focus(self.query_one("#no"))

    def action_answer(self, yes: bool) -> None:
        """Close with an answer."""
        self.dismiss(yes)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")
