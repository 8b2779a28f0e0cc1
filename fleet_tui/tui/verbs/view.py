"""Moving between panes and screens, and the program itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui.actions import Action
from fleet_tui.tui.verbs import reach
from fleet_tui.tui.verbs.output import focus_output

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.drafts import Draft


def _focus(pane: str) -> Callable[[FleetApp, str], None]:
    def run(app: FleetApp, argument: str) -> None:
        app.main.focus_pane(pane)
        if argument:
            filtered = reach.filtered(app)
            if filtered is not None:
                filtered.table.set_filter(argument)

    return run


def _step(direction: int) -> Callable[[FleetApp, str], None]:
    return lambda app, _argument: app.main.step_pane(direction)


def zoom(app: FleetApp, _argument: str) -> None:
    """Give the whole screen to the focused pane, or share it again."""
    app.main.toggle_zoom()


def back(app: FleetApp, _argument: str) -> None:
    """Undo the nearest thing: search, filter, one run, zoom, screen."""
    pane, filtered = reach.log(app), reach.filtered(app)
    if pane is not None and pane.view.has_focus and pane.clear():
        return
    if filtered is not None and filtered.table.has_focus and filtered.drop():
        return
    if app.screen is not app.main:
        app.pop_screen()
    elif app.main.current == "output" and app.main.output.chosen is not None:
        app.main.output.choose(None)
    elif app.main.is_zoomed:
        app.main.toggle_zoom()


def compose(app: FleetApp, argument: str) -> None:
    """Open the composer with the marked hosts, or with the target given."""
    from fleet_tui.tui.screens.composer import ComposerScreen

    hosts = app.main.hosts.table
    if argument:
        app.draft.target = argument
    elif app.main.current == "hosts" and hosts.marks:
        app.draft.target = ",".join(hosts.marked_or_cursor())
    elif app.main.current == "hosts" and hosts.cursor_key and _is_untouched(app.draft):
        app.draft.target = app.draft.suggested = hosts.cursor_key
    app.open_screen(ComposerScreen(app))


def _is_untouched(draft: Draft) -> bool:
    """Tell whether the target is nobody's choice yet."""
    return not draft.target or (draft.target == draft.suggested and not draft.prompt)


ACTIONS = (
    Action(
        "dispatch.compose",
        "Send a prompt to hosts",
        ("d",),
        "main",
        compose,
        hint="dispatch",
        danger="named",
        needs_write=True,
        command="dispatch",
        aliases=("send", "prompt"),
        argument="[TARGET]",
    ),
    Action(
        "pane.hosts",
        "Go to the hosts",
        ("1",),
        "main",
        _focus("hosts"),
        command="hosts",
        argument="[FILTER]",
    ),
    Action("pane.queue", "Go to the queue", ("2",), "main", _focus("queue"), command="queue"),
    Action("pane.peers", "Go to the peers", ("3",), "main", _focus("peers"), command="peers"),
    Action(
        "pane.notices",
        "Go to the notifications",
        ("4",),
        "main",
        _focus("notices"),
        command="notices",
        aliases=("events", "notifications"),
    ),
    Action(
        "pane.output",
        "Go to the output",
        ("5",),
        "main",
        focus_output,
        command="output",
        aliases=("logs",),
        argument="[HOST]",
    ),
    Action("pane.next", "Next pane", ("tab",), "main", _step(1)),
    Action("pane.previous", "Previous pane", ("shift+tab", "backspace"), "main", _step(-1)),
    Action("pane.zoom", "Zoom the pane", ("z",), "main", zoom, hint="zoom"),
    Action("main.back", "Undo search, filter, zoom", ("escape",), "main", back),
    Action("screen.back", "Back", ("escape",), "back", back, hint="back"),
)
