"""The audit log: opening it for the fleet, a host, or what was done from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui.actions import Action
from fleet_tui.tui.verbs import reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.screens.fleet_log import FleetLogScreen


def open_log(app: FleetApp, argument: str) -> None:
    """Show the end of the audit log, or what of it fits."""
    _open(app, argument)


def open_own(app: FleetApp, argument: str) -> None:
    """Show what was really done from this screen since it was started."""
    _open(app, argument, is_own=True)


def open_of_host(app: FleetApp, _argument: str) -> None:
    """Show what the log says of the host that is shown."""
    _open(app, f"host={reach.host(app)}")


def _open(app: FleetApp, words: str, *, is_own: bool = False) -> None:
    from fleet_tui.tui.screens.fleet_log import FleetLogScreen

    path = app.store.fleet.log_path if app.store.fleet else ""
    app.open_screen(FleetLogScreen(app, path, words, is_own=is_own))


def _on_log(act: Callable[[FleetLogScreen], None]) -> Callable[[FleetApp, str], None]:
    def run(app: FleetApp, _argument: str) -> None:
        from fleet_tui.tui.screens.fleet_log import FleetLogScreen

        if isinstance(app.screen, FleetLogScreen):
            act(app.screen)

    return run


ACTIONS = (
    Action(
        "log.open",
        "The fleet's audit log",
        ("l",),
        "main",
        open_log,
        command="log",
        argument="[FILTER]",
        aliases=("audit",),
    ),
    Action(
        "log.own",
        "What was really done from here",
        ("@", "f8"),
        "app",
        open_own,
        command="done",
        argument="[FILTER]",
    ),
    Action("host.log", "What the log says of this host", ("l",), "host", open_of_host, hint="log"),
    Action(
        "log.filter",
        "Show only lines that fit",
        ("o",),
        "log",
        _on_log(lambda screen: screen.open_filter()),
        hint="only",
    ),
    Action(
        "log.verify",
        "Check the chain of the log",
        ("v",),
        "log",
        _on_log(lambda screen: screen.verify()),
        hint="verify",
    ),
    Action(
        "log.reload",
        "Read the log again",
        ("r",),
        "log",
        _on_log(lambda screen: screen.reload()),
    ),
)
