"""Raising the budget of a cloud session that has stopped at it, and what is said to it then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical
from textual.widgets import Input

from fleet_tui.model.ids import short
from fleet_tui.model.managed_view import GO_ON, ManagedView
from fleet_tui.tui import managed_looks
from fleet_tui.tui.safe import content
from fleet_tui.tui.screens.prompt_screen import PromptScreen, labelled

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from fleet_tui.model.managed_view import ManagedSession
    from fleet_tui.tui.app import FleetApp


class BudgetForm(PromptScreen):
    """Asks for what the session may cost in all from now on."""

    def __init__(self, app: FleetApp, session: ManagedSession, budget: str = "") -> None:
        super().__init__(app, GO_ON)
        self._session = session
        self._budget = Input(budget, id="budget", compact=True, placeholder="US dollars in all")

    def compose(self) -> ComposeResult:
        """Yield what it has cost, the new budget, the text, and the buttons."""
        session = self._session
        cost = "?" if session.cost_usd is None else f"${session.cost_usd:.2f}"
        with Vertical(classes="dialog") as box:
            box.border_title = content(f"Raise the budget of {short(session.id)}")
            box.border_subtitle = content(f"it has cost {cost} of ${session.budget_usd:.2f}")
            yield labelled("budget $", self._budget)
            yield from self.prompt_rows()

    def on_mount(self) -> None:
        """Begin in the budget."""
        super().on_mount()
        self.set_focus(self._budget)
        view = self.fleet_app.store.part(ManagedView)
        self.say(managed_looks.sums_of(view) if view is not None else "", "$fleet-muted")

    def send(self) -> None:
        """Raise it, and let the session go on."""
        written = self._budget.value.strip().lstrip("$")
        try:
            budget = float(written)
        except ValueError:
            self.say("the budget is no number of US dollars", "$fleet-bad")
            return
        identifier, text = self._session.id, self.prompt.text
        managed = self.fleet_app.control.managed
        self.ask_once(
            lambda: managed.raise_budget(identifier, budget, text),
            lambda _none: self._raised(budget),
            "asking the service …",
        )

    def _raised(self, budget: float) -> None:
        app = self.fleet_app
        if app.screen is self:
            self.dismiss(None)
        app.frames.tick()
        app.toast(f"{short(self._session.id)} goes on, at most ${budget:.2f} in all.")
