"""Moving between panes and screens, and the program itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui.actions import Action
from fleet_tui.tui.verbs import reach
from fleet_tui.tui.verbs.output import focus_output

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.tui.app import FleetApp


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
    if pane is not None and pane.view.has_focus and pane.clear_search():
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
    elif app.main.current == "hosts" and not app.draft.target and hosts.cursor_key:
        app.draft.target = hosts.cursor_key
    app.open_screen(ComposerScreen(app))


def open_log(app: FleetApp, _argument: str) -> None:
    """Show the end of the audit log."""
    from fleet_tui.tui.screens.fleet_log import FleetLogScreen

    path = app.store.fleet.log_path if app.store.fleet else ""
    app.open_screen(FleetLogScreen(app, path))


def open_runs(app: FleetApp, _argument: str) -> None:
    """List what was dispatched before."""
    from fleet_tui.tui.screens.runs import RunsScreen

    app.open_screen(RunsScreen(app))


def open_help(app: FleetApp, argument: str) -> None:
    """List what can be done here, with its keys."""
    from fleet_tui.tui.screens.help import HelpScreen

    app.open_screen(HelpScreen(app, app.place, argument))


def open_palette(app: FleetApp, _argument: str) -> None:
    """Find an action by its name."""
    from fleet_tui.tui.screens.palette import open_palette as show

    show(app)


def open_command(app: FleetApp, _argument: str) -> None:
    """Open the command line."""
    from fleet_tui.tui.screens.command_line import CommandLine

    app.open_screen(CommandLine(app))


def choose_theme(app: FleetApp, argument: str) -> None:
    """Use a theme by name, or choose one and see it while choosing."""
    from fleet_tui.tui.screens.palette import choose_theme as show

    if not argument:
        show(app)
    elif argument in app.themes.themes:
        app.theme = app.kept.theme = argument
    else:
        names = ", ".join(sorted(app.themes.themes))
        app.toast(f"No theme is called {argument!r}; there are {names}.", "warning")


def toggle_read_only(app: FleetApp, _argument: str) -> None:
    """Refuse, or allow again, every key that changes something."""
    app.read_only.toggle()


def quit_program(app: FleetApp, _argument: str) -> None:
    """Leave; while runs are open, say first what becomes of them."""
    from fleet_tui.tui.screens.confirm import ConfirmScreen, leaving

    runs = [view for view in app.store.runs.values() if view.run.is_open]
    if not runs:
        app.exit()
        return
    keeping = {host.name for host in app.control.config.hosts if host.keeps_runs}
    is_demo = app.store.fleet is not None and app.store.fleet.is_demo
    question = leaving(runs, keeping, is_demo=is_demo)
    app.open_screen(ConfirmScreen(question), lambda yes: app.exit() if yes else None)


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
        argument="[TARGET]",
    ),
    Action("pane.hosts", "Go to the hosts", ("1",), "main", _focus("hosts"), command="hosts"),
    Action("pane.queue", "Go to the queue", ("2",), "main", _focus("queue"), command="queue"),
    Action("pane.peers", "Go to the peers", ("3",), "main", _focus("peers"), command="peers"),
    Action(
        "pane.notices",
        "Go to the notifications",
        ("4",),
        "main",
        _focus("notices"),
        command="notices",
    ),
    Action(
        "pane.output",
        "Go to the output",
        ("5",),
        "main",
        focus_output,
        command="output",
        argument="[HOST]",
    ),
    Action("pane.next", "Next pane", ("tab",), "main", _step(1)),
    Action("pane.previous", "Previous pane", ("shift+tab",), "main", _step(-1)),
    Action("pane.zoom", "Zoom the pane", ("z",), "main", zoom, hint="zoom"),
    Action("main.back", "Undo search, filter, zoom", ("escape",), "main", back),
    Action("runs.open", "What was dispatched before", ("o",), "main", open_runs, command="runs"),
    Action("log.open", "The fleet's audit log", ("l",), "main", open_log, command="log"),
    Action("screen.back", "Back", ("escape",), "back", back, hint="back"),
    Action("app.help", "What can be done here", ("?", "f1"), "app", open_help, command="help"),
    Action(
        "app.palette",
        "Find an action by name",
        ("ctrl+p", "f2"),
        "app",
        open_palette,
        command="actions",
    ),
    Action("app.command", "Command line", (":", ";"), "app", open_command),
    Action(
        "app.theme",
        "Choose a theme",
        (),
        "app",
        choose_theme,
        command="theme",
        argument="[NAME]",
    ),
    Action(
        "app.read-only",
        "Read-only: refuse every change, or allow again",
        (),
        "app",
        toggle_read_only,
        command="read-only",
    ),
    Action(
        "app.quit",
        "Leave; asks while runs are open",
        ("q", "ctrl+c"),
        "app",
        quit_program,
        command="quit",
    ),
)
