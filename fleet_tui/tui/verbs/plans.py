"""What can be brought into the prompt that is being written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui.actions import Action

if TYPE_CHECKING:
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.screens.composer import ComposerScreen
    from fleet_tui.tui.screens.prompt_screen import PromptScreen


def bring_plan(app: FleetApp, _argument: str) -> None:
    """Ask for a file or the clipboard, and put its text behind what is written."""
    from fleet_tui.tui.screens.plan import PlanScreen
    from fleet_tui.tui.screens.prompt_screen import PromptScreen

    screen = app.screen
    if not isinstance(screen, PromptScreen):
        return
    asked: PromptScreen = screen

    def take(text: str | None) -> None:
        if text is not None:
            asked.take_in(text)

    app.open_screen(PlanScreen(), take)


def _composer(app: FleetApp) -> ComposerScreen | None:
    from fleet_tui.tui.screens.composer import ComposerScreen

    return app.screen if isinstance(app.screen, ComposerScreen) else None


def include_document(app: FleetApp, _argument: str) -> None:
    """Have the agent read the hand-off document before the prompt."""
    screen = _composer(app)
    if screen is not None:
        from fleet_tui.model.threads import with_document

        screen.prompt.text = with_document(screen.prompt.text)


def _no_document(app: FleetApp) -> str:
    screen = _composer(app)
    if screen is None or not screen.offer.waiting:
        return "No hand-off document waits where this would run."
    return ""


ACTIONS = (
    Action(
        "composer.import",
        "Bring a file or the clipboard into the prompt",
        ("f8",),
        "composer",
        bring_plan,
        hint="bring a plan",
    ),
    Action(
        "composer.handoff",
        "Have the hand-off document read first",
        ("f9",),
        "composer",
        include_document,
        why_disabled=_no_document,
    ),
)
