"""What can be done with the time of a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.clock import PlayedClock
from fleet_tui.tui.actions import Action

if TYPE_CHECKING:
    from fleet_tui.tui.app import FleetApp

SPEEDS = (1.0, 5.0, 20.0, 100.0, 500.0)
FASTEST = 100_000.0


def _is_now(app: FleetApp) -> str:
    return "" if isinstance(app.clock, PlayedClock) else "This is no replay: time is the real one."


def pause(app: FleetApp, _argument: str) -> None:
    """Stand still, or go on."""
    if isinstance(app.clock, PlayedClock):
        app.clock.pause(not app.clock.is_paused)
        app.main.show_status()


def play_at(app: FleetApp, argument: str) -> None:
    """Play at the speed named, else at the next faster one; after the fastest comes the slowest."""
    clock = app.clock
    if not isinstance(clock, PlayedClock):
        return
    try:
        wanted = float(argument) if argument else 0.0
    except ValueError:
        wanted = -1.0
    if argument and not 0 < wanted <= FASTEST:
        app.toast(f"A speed is a number more than 0, like 20; not {argument!r}.", "warning")
        return
    clock.play_at(wanted or next((s for s in SPEEDS if s > clock.speed), SPEEDS[0]))
    app.main.show_status()


ACTIONS = (
    Action(
        "replay.pause",
        "Replay: stand still, or go on",
        ("f12",),
        "app",
        pause,
        why_disabled=_is_now,
        command="pause",
    ),
    Action(
        "replay.speed",
        "Replay: the next speed, or the one named",
        ("\\",),
        "app",
        play_at,
        why_disabled=_is_now,
        command="speed",
        argument="[TIMES]",
    ),
)
