"""What can be done about a heartbeat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.queue_view import QueueView
from fleet_tui.tui import fmt
from fleet_tui.tui.actions import Action
from fleet_tui.tui.screens.confirm import ConfirmScreen, Question
from fleet_tui.tui.verbs import hosts, reach, threads

if TYPE_CHECKING:
    from fleet_tui.model.beats_view import PulseView
    from fleet_tui.tui.app import FleetApp


def open_heartbeats(app: FleetApp, _argument: str) -> None:
    """Show every heartbeat."""
    from fleet_tui.tui.screens.heartbeats import HeartbeatsScreen

    app.open_screen(HeartbeatsScreen(app))


def _pulse(app: FleetApp) -> PulseView | None:
    from fleet_tui.tui.screens.heartbeats import HeartbeatsScreen

    return app.screen.at_cursor if isinstance(app.screen, HeartbeatsScreen) else None


def _no_host(app: FleetApp) -> str:
    pulse = _pulse(app)
    if pulse is None:
        return reach.no_rows(app) or "There is no heartbeat here."
    return "" if pulse.host in app.store.hosts else "It beats on no host of fleet.toml."


def _held(app: FleetApp) -> list[str]:
    """Return the tasks that the worker at the cursor holds, by its word or by the queue."""
    pulse, view = _pulse(app), app.store.part(QueueView)
    if pulse is None or view is None:
        return []
    running = {row.name for row in view.rows if row.state == "running"}
    return [name for name in pulse.doing if name in running]


def _holds_nothing(app: FleetApp) -> str:
    return "" if _held(app) else "It holds no task that still runs."


def open_host(app: FleetApp, _argument: str) -> None:
    """Show all that is known of its host."""
    pulse = _pulse(app)
    if pulse is not None:
        hosts.open_host(app, pulse.host)


def doctor(app: FleetApp, _argument: str) -> None:
    """Examine its host."""
    pulse = _pulse(app)
    if pulse is not None:
        threads.open_doctor(app, pulse.host)


def reclaim(app: FleetApp, _argument: str) -> None:
    """Take back the tasks it holds, after a question."""
    names = _held(app)
    effect = "The worker loses them: what it still does is not committed."
    question = Question("Take its tasks back", tuple(names), effect, "Take back")

    def go(yes: bool | None) -> None:
        if yes:
            told = f"{fmt.some(len(names), 'task')} pending again."
            app.ask(app.control.queue.take_back(names), lambda _count: app.toast(told))

    app.open_screen(ConfirmScreen(question), go)


ACTIONS = (
    Action(
        "heartbeats.open",
        "Heartbeats of workers, mirror pulls and daemons",
        ("h",),
        "main",
        open_heartbeats,
        command="heartbeats",
        aliases=("beats",),
    ),
    Action(
        "heartbeats.host",
        "All that is known of its host",
        ("enter",),
        "heartbeats",
        open_host,
        hint="host",
        why_disabled=_no_host,
    ),
    Action(
        "heartbeats.doctor",
        "Examine its host",
        ("d",),
        "heartbeats",
        doctor,
        hint="doctor",
        why_disabled=_no_host,
    ),
    Action(
        "heartbeats.reclaim",
        "Take back the tasks it holds",
        ("t",),
        "heartbeats",
        reclaim,
        hint="take back",
        danger="ask",
        needs_write=True,
        why_disabled=_holds_nothing,
    ),
)
