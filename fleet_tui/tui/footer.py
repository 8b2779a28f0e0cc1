"""Which keys the footer names, for the place that has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet_tui.tui.app import FleetApp

ALWAYS = (
    ("dispatch.compose", "dispatch"),
    ("app.command", "command"),
    ("app.help", "help"),
    ("app.quit", "quit"),
)
"""What every footer ends with, where it can be done."""


def footer_hints(
    app: FleetApp, place: str
) -> tuple[list[tuple[str, str, bool]], list[tuple[str, str]]]:
    """Return the footer of a place: (key, word, can be done), and what is always there."""
    always = {action_id for action_id, _ in ALWAYS}
    actions = [a for a in app.registry.for_place(place) if a.hint and a.id not in always]
    own = [(app.keymap.shown(a), a.hint, not app.why_disabled(a)) for a in actions]
    chain = {action.id for action in app.registry.for_place(place)}
    last = [(app.keymap.shown(app.registry[i]), word) for i, word in ALWAYS if i in chain]
    return own, last
