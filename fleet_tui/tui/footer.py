"""Which keys the footer names, for the place that has the focus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input

from fleet_tui.tui.help_key import HELP

if TYPE_CHECKING:
    from fleet_tui.tui.app import FleetApp

ALWAYS = (
    ("dispatch.compose", "dispatch"),
    ("screen.back", "back"),
    ("app.command", "command"),
    ("app.help", "help"),
    ("app.quit", "quit"),
)
"""What every footer ends with, where it can be done."""

FINDS, FINDS_AT = frozenset({"list.filter", "lines.search"}), 2
"""What finds something stands so far in front that the smallest screen has room for it."""


def footer_hints(
    app: FleetApp, place: str
) -> tuple[list[tuple[str, str, bool]], list[tuple[str, str]]]:
    """Return the footer of a place: (key, word, can be done), and what is always there.

    While something is searched or filtered for, letters are text, and other keys count. A dialog
    names its own keys, and takes those of what is under it.
    """
    if app.screen.is_modal:
        return [], [("esc", "back")]
    finds = any(action.id in FINDS for action in app.registry.for_place(place))
    if finds and isinstance(app.focused, Input):
        help_key = app.keymap.shown_in_fields(app.registry[HELP])
        return [("enter", "done", True), ("esc", "undo", True)], [(help_key, "help")]
    always = {action_id for action_id, _ in ALWAYS}
    actions = [a for a in app.registry.for_place(place) if a.hint and a.id not in always]
    for action in [a for a in actions if a.id in FINDS]:
        actions.remove(action)
        actions.insert(FINDS_AT, action)
    own = [(app.keymap.shown(a), a.hint, not app.why_disabled(a)) for a in actions]
    chain = {action.id for action in app.registry.for_place(place)}
    shown = app.keymap.shown_in_fields if isinstance(app.focused, Input) else app.keymap.shown
    last = [(shown(app.registry[i]), word) for i, word in ALWAYS if i in chain]
    return own, [(key, word) for key, word in last if key]
