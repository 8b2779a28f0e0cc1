"""Conversations on hosts, handing them over, and the doctor."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from fleet_tui.tui.actions import Action
from fleet_tui.tui.screens.confirm import ConfirmScreen, Question
from fleet_tui.tui.verbs import reach, screens

if TYPE_CHECKING:
    from fleet_tui.model.snapshot import RunView
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.screens.doctor import DoctorScreen


def open_threads(app: FleetApp, argument: str) -> None:
    """List the conversations agents keep on hosts."""
    from fleet_tui.tui.screens.threads import ThreadsScreen

    app.open_screen(ThreadsScreen(app, argument))


def open_doctor(app: FleetApp, argument: str) -> None:
    """Examine hosts."""
    from fleet_tui.tui.screens.doctor import DoctorScreen

    app.open_screen(DoctorScreen(app, argument))


def open_thread(app: FleetApp, _argument: str) -> None:
    """Read the conversation that a run belongs to, where it lies."""
    from fleet_tui.tui.screens.thread import ThreadScreen

    view = reach.run(app)
    if view is not None and view.run.session:
        app.open_screen(ThreadScreen(app, view.run.host, view.run.session))


def _no_thread(app: FleetApp) -> str:
    view = reach.run(app)
    if view is None:
        return "Several runs are shown; choose one first."
    if view.run.agent == "shell":
        return "A plain command has no conversation."
    return "" if view.run.session else "This run never began a conversation."


def _no_handoff(app: FleetApp) -> str:
    reason = _no_thread(app)
    view = reach.run(app)
    if reason or view is None:
        return reason
    return "It still runs; hand it over when it has ended." if view.run.is_open else ""


def hand_off(app: FleetApp, argument: str) -> None:
    """Move the run's session: `HOST [FOLDER] [--bundle]`, or `--undo`; asks first."""
    view = reach.run(app)
    try:
        words = shlex.split(argument)
    except ValueError:
        words = []
    if view is None:
        return
    if words == ["--undo"]:
        app.ask(
            app.control.threads.take_back(view.run.id), lambda text: app.toast(text, kind="handoff")
        )
        return
    takes_tree = "--bundle" in words
    places = [word for word in words if word != "--bundle"]
    if not 1 <= len(places) <= 2 or places[0].startswith("-"):
        app.toast("Say where to: handoff HOST [FOLDER] [--bundle], or handoff --undo.", "warning")
        return
    _ask_to_move(app, view, places, takes_tree=takes_tree)


def _ask_to_move(app: FleetApp, view: RunView, places: list[str], *, takes_tree: bool) -> None:
    to, folder = places[0], places[1] if len(places) == 2 else None
    tree = "The working tree's state comes along. " if takes_tree else ""
    effect = (
        f"The session goes on there, in {folder or 'its own folder'}. {tree}On {view.run.host} the "
        "transcript is set aside, so that it cannot run twice; handoff --undo takes it back."
    )

    def go(yes: bool | None) -> None:
        if yes:
            app.toast(f"Handing the session over to {to} …", kind="handoff")
            moved = app.control.threads.hand_off(view.run.id, to, folder, takes_tree=takes_tree)
            app.ask(moved, lambda text: app.toast(text, kind="handoff"))

    verb = f"Hand a session of {view.run.agent} over from {view.run.host} to"
    question = Question(verb, (to,), effect, "Hand over")
    app.open_screen(ConfirmScreen(question), go)


def copy_mend(app: FleetApp, _argument: str) -> None:
    """Copy the command that mends the finding at the cursor."""
    screen = _doctor(app)
    if screen is not None and screen.finding is not None:
        app.copy(screen.finding.mend, "the mending command")


def _doctor(app: FleetApp) -> DoctorScreen | None:
    from fleet_tui.tui.screens.doctor import DoctorScreen

    return app.screen if isinstance(app.screen, DoctorScreen) else None


def _no_finding(app: FleetApp) -> str:
    screen = _doctor(app)
    return "" if screen is not None and screen.finding else "There is no finding here."


def read_further(app: FleetApp, _argument: str) -> None:
    """Read further back."""
    from fleet_tui.tui.screens.thread import ThreadScreen

    if isinstance(app.screen, ThreadScreen):
        app.screen.read_further()


def _all_read(app: FleetApp) -> str:
    return "" if getattr(app.screen, "is_cut", False) else "There is nothing before it."


ACTIONS = (
    Action(
        "threads.read",
        "Read this conversation",
        ("enter",),
        "threads",
        screens.open_row,
        hint="read",
        why_disabled=reach.no_rows,
    ),
    Action(
        "threads.reload", "Ask the hosts again", ("r",), "threads", screens.reload, hint="reload"
    ),
    Action("thread.reload", "Read it again", ("r",), "thread", screens.reload, hint="reload"),
    Action("doctor.again", "Examine again", ("r",), "doctor", screens.reload, hint="examine again"),
    Action(
        "threads.open",
        "Conversations that agents keep on hosts",
        ("f4",),
        "main",
        open_threads,
        command="threads",
        argument="[TARGET]",
    ),
    Action(
        "doctor.open",
        "What is wrong with hosts, and what mends it",
        ("f5",),
        "main",
        open_doctor,
        command="doctor",
        argument="[TARGET]",
    ),
    Action(
        "run.thread",
        "Read the run's conversation where it lies",
        ("T", "f11"),
        "run",
        open_thread,
        why_disabled=_no_thread,
        command="thread",
    ),
    Action(
        "run.handoff",
        "Hand the run's session over to another host",
        (),
        "run",
        hand_off,
        danger="ask",
        needs_write=True,
        why_disabled=_no_handoff,
        command="handoff",
        argument="HOST [FOLDER] [--bundle]",
    ),
    Action(
        "doctor.copy",
        "Copy the mending command",
        ("y",),
        "doctor",
        copy_mend,
        hint="copy mend",
        why_disabled=_no_finding,
    ),
    Action(
        "thread.further",
        "Read further back",
        ("o",),
        "thread",
        read_further,
        hint="further back",
        why_disabled=_all_read,
    ),
)
