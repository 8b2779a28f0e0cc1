"""What can be done with hosts and notices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui import fmt
from fleet_tui.tui.actions import Action
from fleet_tui.tui.own_notices import QUESTION_ASKED
from fleet_tui.tui.verbs import questions, reach

if TYPE_CHECKING:
    from fleet_tui.tui.app import FleetApp


def open_host(app: FleetApp, argument: str) -> None:
    """Show all that is known of a host."""
    from fleet_tui.tui.screens.host import HostScreen

    name = argument or app.main.hosts.table.cursor_key
    if name not in app.store.hosts:
        app.toast(f"No host is called {name!r}.", "warning")
        return
    app.open_screen(HostScreen(app, app.store.hosts[name].host.name))


def connect(app: FleetApp, _argument: str) -> None:
    """Connect now to the marked hosts, or the one at the cursor."""
    names = app.main.hosts.table.marked_or_cursor()
    app.ask(
        app.control.connect(names),
        lambda _none: app.toast(f"Connecting to {fmt.names(names)}."),
    )


def copy_name(app: FleetApp, _argument: str) -> None:
    """Copy the names of the marked hosts, or the one at the cursor."""
    names = app.main.hosts.table.marked_or_cursor()
    app.copy(",".join(names), fmt.names(names))


def open_notice(app: FleetApp, _argument: str) -> None:
    """Go to the run or the host that a notice is about."""
    notice = app.store.notices.get(app.main.notices.table.cursor_key or "")
    if notice is None:
        return
    if notice.event == QUESTION_ASKED and questions.open_run(app, notice.run or ""):
        return
    run = app.store.runs.get(notice.run or "")
    if run is not None and run.run.dispatch in app.store.dispatches:
        app.main.show_run(run.run.dispatch, run.run.id)
    elif notice.source in app.store.hosts:
        open_host(app, notice.source)
    else:
        app.toast("This notice is about no run and no host.", "warning")


def copy_notice(app: FleetApp, _argument: str) -> None:
    """Copy the text of the marked notices, or of the one at the cursor."""
    keys = app.main.notices.table.marked_or_cursor()
    notices = [app.store.notices[key] for key in keys if key in app.store.notices]
    if notices:
        what = "the notice" if len(notices) == 1 else fmt.some(len(notices), "notice")
        app.copy("\n".join(f"{notice.source}: {notice.text}" for notice in notices), what)


ACTIONS = (
    Action(
        "hosts.open",
        "All that is known of the host",
        ("enter",),
        "hosts",
        open_host,
        hint="open",
        why_disabled=reach.no_rows,
        command="host",
        argument="[NAME]",
    ),
    Action(
        "hosts.connect",
        "Connect now to the marked hosts, or this one",
        ("c",),
        "hosts",
        connect,
        hint="connect",
        why_disabled=reach.no_rows,
    ),
    Action(
        "hosts.copy",
        "Copy the names of the marked hosts, or of this one",
        ("y",),
        "hosts",
        copy_name,
        why_disabled=reach.no_rows,
    ),
    Action(
        "notices.open",
        "Go to what the notice is about",
        ("enter",),
        "notices",
        open_notice,
        hint="open",
        why_disabled=reach.no_rows,
    ),
    Action(
        "notices.copy",
        "Copy the marked notices, or this one",
        ("y",),
        "notices",
        copy_notice,
        hint="copy",
        why_disabled=reach.no_rows,
    ),
)
