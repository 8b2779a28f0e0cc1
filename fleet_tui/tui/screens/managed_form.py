"""Writing to the cloud: the prompt of a new session with its budget, or a text to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical
from textual.widgets import Input, TextArea

from fleet_tui.model.ids import short
from fleet_tui.model.managed_view import ManagedView
from fleet_tui.tui import managed_looks
from fleet_tui.tui.safe import content
from fleet_tui.tui.screens.prompt_screen import PromptScreen, labelled

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from fleet_tui.tui.app import FleetApp


class ManagedForm(PromptScreen):
    """Starts a session, or with an id goes on with that one; the draft is kept."""

    def __init__(self, app: FleetApp, identifier: str = "", prompt: str = "") -> None:
        self.identifier = identifier
        self._draft = f"managed/{identifier}"
        super().__init__(app, prompt or app.resume_drafts.get(self._draft, ""))
        view = app.store.part(ManagedView)
        budget = view.budget_usd if view is not None else None
        self._view = view
        self._title = Input("", id="title", compact=True, placeholder="else its prompt")
        self._budget = Input("" if budget is None else f"{budget:.2f}", id="budget", compact=True)

    def compose(self) -> ComposeResult:
        """Yield title and budget of a new session, the text, and the buttons."""
        with Vertical(classes="dialog") as box:
            if self.identifier:
                box.border_title = content(f"Say something to {short(self.identifier)}")
            else:
                box.border_title = content("Start a session in the cloud")
                yield labelled("title", self._title)
                yield labelled("budget $", self._budget)
            yield from self.prompt_rows()

    def on_mount(self) -> None:
        """Begin in the text."""
        super().on_mount()
        self.set_focus(self.prompt)
        told = managed_looks.sums_of(self._view) if self._view is not None else ""
        self.say(told, "$fleet-muted")

    @on(TextArea.Changed)
    def _text_changed(self) -> None:
        self.fleet_app.resume_drafts[self._draft] = self.prompt.text

    def send(self) -> None:
        """Start it, or say it."""
        text = self.prompt.text
        if not text.strip():
            self.say("the prompt is empty", "$fleet-bad")
            return
        managed = self.fleet_app.control.managed
        budget = self._budget_usd()
        if budget == 0:
            self.say("the budget is no number of US dollars above 0", "$fleet-bad")
            return
        title, asking = self._title.value.strip(), "asking the service …"
        if self.identifier:
            told = f"Said to {short(self.identifier)}."
            self.ask_once(
                lambda: managed.send(self.identifier, text), lambda _none: self._gone(told), asking
            )
        else:
            self.ask_once(
                lambda: managed.start(text, title, budget),
                lambda new: self._gone(f"{short(new)} has begun."),
                asking,
            )

    def _budget_usd(self) -> float | None:
        """Return the budget; None for none, 0 for what is none."""
        written = self._budget.value.strip().lstrip("$")
        try:
            return float(written) if written else None
        except ValueError:
            return 0.0

    def _gone(self, told: str) -> None:
        app = self.fleet_app
        app.resume_drafts.pop(self._draft, None)
        if app.screen is self:
            self.dismiss(None)
        app.frames.tick()
        app.toast(told)
