"""What can be done with hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui import fmt, host_groups
from fleet_tui.tui.actions import Action
from fleet_tui.tui.verbs import reach

if TYPE_CHECKING:
    from fleet_tui.model.history import HistoryPage
    from fleet_tui.tui.app import FleetApp

PAST_RUNS = 20
"""Runs of before this start that a host's page shows."""


def open_host(app: FleetApp, argument: str) -> None:
    """Show all that is known of a host."""
    from fleet_tui.tui.screens.host import HostScreen

    name = argument or app.main.hosts.table.cursor_key
    if name not in app.store.hosts:
        app.toast(f"No host is called {name!r}.", "warning")
        return
    host = app.store.hosts[name].host.name
    app.open_screen(HostScreen(app, host))
    app.ask(app.control.past.find(f"host:{host}", PAST_RUNS), lambda page: _show(app, page))


def _show(app: FleetApp, page: HistoryPage) -> None:
    """Load runs of before this start: they come as every other run does."""
    for dispatch in dict.fromkeys(past.run.dispatch for past in page.runs):
        if dispatch not in app.store.dispatches:
            app.ask(app.control.open_dispatch(dispatch), lambda _view: None)


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


def group(app: FleetApp, argument: str) -> None:
    """Group the rows the way named, else the next way; the next start groups them so too."""
    held = app.main.hosts.rows.by
    named = {"group": "group", "tier": "tier", "none": ""}
    if argument and argument not in named:
        app.toast(f"Hosts are grouped by group, tier or none, not by {argument!r}.", "warning")
        return
    way = named[argument] if argument else host_groups.next_way(held)
    app.kept.hosts_by = way
    app.main.hosts.group_by(way)


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
        "hosts.group",
        "Group the rows: by group, by tier, not at all",
        ("b",),
        "hosts",
        group,
        hint="by group",
        command="group-by",
        argument="[group|tier|none]",
    ),
    Action(
        "hosts.copy",
        "Copy the names of the marked hosts, or of this one",
        ("y",),
        "hosts",
        copy_name,
        why_disabled=reach.no_rows,
    ),
)
