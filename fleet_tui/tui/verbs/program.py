"""The program itself: help, palette, command line, theme, read-only, suspend, quit."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from fleet_tui.tui import textual_seams
from fleet_tui.tui.actions import Action
from fleet_tui.tui.help_key import HELP, HELP_KEYS

if TYPE_CHECKING:
    from fleet_tui.tui.app import FleetApp


def open_help(app: FleetApp, argument: str) -> None:
    """List what can be done here, with its keys; over a dialog, where that one was opened."""
    from fleet_tui.tui.screens.help import HelpScreen

    app.open_screen(HelpScreen(app, app.place or _place_below(app), argument))


def _place_below(app: FleetApp) -> str:
    """Return the name of the nearest place under the screen on top."""
    places = (str(getattr(screen, "place", "")) for screen in reversed(app.screen_stack))
    return next((place for place in places if place), app.main.current)


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
    from fleet_tui.tui.screens.leaving import LeavingScreen, open_runs

    if not open_runs(app.store):
        app.exit()
        return
    app.open_screen(LeavingScreen(app), lambda yes: app.exit() if yes else None)


def suspend(app: FleetApp, _argument: str) -> None:
    """Stop the program and give the terminal to the shell; `fg` goes on."""
    with textual_seams.lent_terminal(app):
        os.kill(os.getpid(), signal.SIGTSTP)
    app.toast("Back. Runs went on on their hosts meanwhile; what they said is being fetched.")


def why_not_suspended(app: FleetApp) -> str:
    """Say why the program cannot be stopped here."""
    if not hasattr(signal, "SIGTSTP"):
        return "This system has no job control; open another terminal."
    if not textual_seams.can_lend_terminal(app):
        return "There is no terminal to give away."
    return ""


ACTIONS = (
    Action(
        HELP,
        "What can be done here",
        HELP_KEYS,
        "anywhere",
        open_help,
        command="help",
        argument="[WORD]",
    ),
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
        argument="[THEME]",
        aliases=("themes",),
    ),
    Action(
        "app.read-only",
        "Read-only: refuse every change, or allow again",
        (),
        "app",
        toggle_read_only,
        command="read-only",
        aliases=("readonly", "ro"),
    ),
    Action(
        "app.quit",
        "Leave; asks while runs are open",
        ("q", "ctrl+c"),
        "app",
        quit_program,
        command="quit",
        aliases=("q", "exit"),
    ),
    Action(
        "app.suspend",
        "Stop the program and go to the shell; fg comes back",
        (),
        "app",
        suspend,
        why_disabled=why_not_suspended,
        command="suspend",
        aliases=("bg",),
    ),
)
