"""What can be done with a host's terminal, and with the agent session of a run that has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui import textual_seams
from fleet_tui.tui.actions import Action
from fleet_tui.tui.lending import NEVER_BEGAN, lend
from fleet_tui.tui.verbs import reach

if TYPE_CHECKING:
    from fleet_tui.model.snapshot import RunView
    from fleet_tui.tui.app import FleetApp

NO_RUN = "Several runs are shown; choose one with ← → first."


def _no_session(app: FleetApp) -> str:
    """Say why no agent session can be taken up."""
    view = reach.run(app)
    if view is None:
        return reach.no_dispatch(app) or NO_RUN
    run = view.run
    if run.agent == "shell":
        return "A plain command has no agent session; s opens a shell on its host."
    if run.is_open:
        return "It still runs; what it asks is answered here."
    if not run.session:
        return "This run never began an agent session."
    if _user_of_session(app, view) is not None:
        return "Another run goes on with this session; wait for its end, or cancel it."
    return ""


def _user_of_session(app: FleetApp, view: RunView) -> RunView | None:
    same = (v for v in app.store.runs.values() if v.run.session == view.run.session)
    return next((other for other in same if other.run.is_open), None)


def _no_terminal(app: FleetApp) -> str:
    """Say why the terminal cannot be lent to anything."""
    if app.store.fleet is not None and app.store.fleet.is_demo:
        return "The demo's hosts have no terminal to give."
    if not textual_seams.can_lend_terminal(app):
        return "This terminal cannot be lent to another program."
    return ""


def _no_attach(app: FleetApp) -> str:
    return _no_session(app) or _no_terminal(app)


def attach(app: FleetApp, _argument: str) -> None:
    """Take up the session of a finished run, on a terminal of its host."""
    view = reach.run(app)
    if view is not None:
        what = f"{view.run.agent}'s session of this run; leave it to come back to fleet-tui"
        _open_terminal(app, view.run.host, view.run.id, what)


def shell(app: FleetApp, argument: str) -> None:
    """Open a shell on a host."""
    name = argument or reach.host(app)
    if not name:
        app.toast(NO_RUN, "warning")
    elif name not in app.store.hosts:
        app.toast(f"No host is called {name!r}.", "warning")
    else:
        _open_terminal(app, name, None, "a shell; exit or ctrl+d comes back to fleet-tui")


def _open_terminal(app: FleetApp, host: str, run_id: str | None, what: str) -> None:
    asked_from = app.screen

    def begin(argv: tuple[str, ...]) -> None:
        if app.screen is not asked_from:
            app.toast(f"The terminal on {host} is ready; press the key again.", "warning")
            return
        loan = lend(app, argv, f"fleet-tui: on {host}: {what}")
        told = loan.told(argv[0].rpartition("/")[2])
        if told:
            is_bad = loan.status is None or loan.status in NEVER_BEGAN
            app.notice("error" if is_bad else "warning", "terminal-ended", host, told, run_id)

    app.ask(app.control.terminal(host, run_id), begin)


def resume(app: FleetApp, argument: str) -> None:
    """Write the next prompt for the session of a finished run."""
    from fleet_tui.tui.screens.resume import ResumeScreen

    view = reach.run(app)
    if view is not None:
        app.open_screen(ResumeScreen(app, view.run, argument))


ACTIONS = (
    Action(
        "run.attach",
        "Take up the run's agent session on a terminal",
        ("a",),
        "run",
        attach,
        hint="attach",
        needs_write=True,
        why_disabled=_no_attach,
        command="attach",
    ),
    Action(
        "run.resume",
        "Go on with the run's agent session by a prompt",
        ("R", "b"),
        "run",
        resume,
        needs_write=True,
        why_disabled=_no_session,
        command="resume",
        argument="[PROMPT]",
    ),
    Action(
        "host.shell",
        "Open a shell on the host",
        ("s",),
        "machine",
        shell,
        hint="shell",
        needs_write=True,
        why_disabled=_no_terminal,
        command="shell",
        argument="[HOST]",
    ),
)
