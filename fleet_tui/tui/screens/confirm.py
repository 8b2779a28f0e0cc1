"""A question before something that cannot be undone; No has the focus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import on
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from fleet_tui.tui import fmt
from fleet_tui.tui.help_key import HELP_BINDING
from fleet_tui.tui.safe import clean, content

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from textual.app import ComposeResult

    from fleet_tui.model.snapshot import RunView

MOST_NAMED = 12


@dataclass(frozen=True, slots=True)
class Question:
    """What is about to happen, to what, and what that does."""

    verb: str
    targets: tuple[str, ...]
    effect: str
    yes: str


def leaving(runs: Sequence[RunView], keeping: Collection[str], *, is_demo: bool) -> Question:
    """Return the question before the program is left; `keeping` names hosts that keep runs.

    What has not begun on its host, or is being stopped, does not stay there.
    """
    hosts = tuple(dict.fromkeys(view.run.host for view in runs))
    if is_demo:
        return Question("Leave the demo", hosts, "The demo's hosts end with it.", "Leave")
    stays = [
        view
        for view in runs
        if view.run.host in keeping and view.run.state == "running" and not view.is_cancelling
    ]
    ends = [view.run.host for view in runs if view not in stays]
    effect = []
    if stays:
        one = len(stays) == 1
        go, they = ("goes", "it is") if one else ("go", "they are")
        effect.append(
            f"{fmt.some(len(stays), 'run')} {go} on without this screen; "
            f"{they} found again at the next start."
        )
    if ends:
        named = ", ".join(sorted(set(ends))[:MOST_NAMED])
        effect.append(
            f"{fmt.some(len(ends), 'run')} on {named} {'is' if len(ends) == 1 else 'are'} ended: "
            "not begun yet, being stopped, or on a host that keeps none."
        )
    return Question("Leave fleet-tui", hosts, " ".join(effect), "Leave")


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

    def compose(self) -> ComposeResult:
        """Yield the question, what it is about, its effect and the two answers."""
        question = self.question
        names = [clean(name) for name in question.targets[:MOST_NAMED]]
        more = len(question.targets) - len(names)
        listed = ", ".join(names) + (f" and {more} more" if more > 0 else "")
        with Vertical(classes="dialog") as box:
            box.border_title = content(f"{question.verb}?")
            yield Static(content(listed, "bold"), markup=False)
            yield Static(content(question.effect), classes="quiet", markup=False)
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
