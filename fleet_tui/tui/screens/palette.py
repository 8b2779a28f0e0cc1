"""The palette of actions, and the choice of a theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui.screens.picker import Choice, Picker

if TYPE_CHECKING:
    from fleet_tui.tui.actions import Action
    from fleet_tui.tui.app import FleetApp


def open_palette(app: FleetApp) -> None:
    """Find an action that is live here and do it; what cannot be done says why."""
    actions = app.registry.for_place(app.place)
    choices = [_choice(app, action) for action in actions if action.id != "app.palette"]
    choices.sort(key=lambda choice: choice.is_dim)

    def do(action_id: str | None) -> None:
        if action_id:
            app.perform(action_id)

    app.open_screen(Picker("What to do", choices, note_width=14), do)


def _choice(app: FleetApp, action: Action) -> Choice:
    noun, _, _ = action.id.partition(".")
    reason = app.why_disabled(action)
    return Choice(
        action.id,
        f"{noun}: {action.title[0].lower()}{action.title[1:]}",
        app.keymap.all_shown(action),
        reason,
        bool(reason),
    )


def choose_theme(app: FleetApp) -> None:
    """Choose a theme; each is shown while the cursor is on it, and undone on escape."""
    before = app.theme
    choices = [
        Choice(name, name, "in use" if name == before else "", "dark" if theme.dark else "light")
        for name, theme in sorted(app.themes.themes.items())
    ]

    def show(name: str | None) -> None:
        app.theme = name or before

    def use(name: str | None) -> None:
        show(name)
        app.kept.theme = name or app.kept.theme

    app.open_screen(Picker("Theme", choices, current=before, highlighted=show), use)
