"""What can be done about daemons and schedules: started now, paused, confirmed, looked into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui.actions import Action
from fleet_tui.tui.screens.confirm import ConfirmScreen, Question
from fleet_tui.tui.verbs import reach

if TYPE_CHECKING:
    from fleet_tui.model.daemons_view import DutyView
    from fleet_tui.tui.app import FleetApp


def open_daemons(app: FleetApp, _argument: str) -> None:
    """Show what runs by itself."""
    from fleet_tui.tui.screens.daemons import DaemonsScreen

    app.open_screen(DaemonsScreen(app))


def _duty(app: FleetApp) -> DutyView | None:
    from fleet_tui.tui.screens.daemons import DaemonsScreen

    return app.screen.at_cursor if isinstance(app.screen, DaemonsScreen) else None


def _no_last(app: FleetApp) -> str:
    row = _duty(app)
    if row is None:
        return reach.no_rows(app) or "There is no daemon here."
    return "" if any(one.runs or not one.outcome for one in row.recent) else "It has not run yet."


def _cannot_start(app: FleetApp) -> str:
    row = _duty(app)
    if row is None:
        return reach.no_rows(app) or "There is no daemon here."
    if row.state == "unconfirmed":
        return "It may write, and nobody has confirmed that yet."
    if row.state in ("running", "parked", "finishing"):
        return "Its last start is not over."
    return row.why if row.state == "idle" else ""


def _no_duty(app: FleetApp) -> str:
    return "" if _duty(app) is not None else reach.no_rows(app) or "There is no daemon here."


def _not_asked(app: FleetApp) -> str:
    row = _duty(app)
    if row is None:
        return reach.no_rows(app) or "There is no daemon here."
    return "" if row.state == "unconfirmed" else "It waits for no confirmation."


def open_last(app: FleetApp, _argument: str) -> None:
    """Show its last run in the output pane."""
    from fleet_tui.tui.screens.daemons import DaemonsScreen

    if isinstance(app.screen, DaemonsScreen):
        app.screen.open_last()


def run_now(app: FleetApp, _argument: str) -> None:
    """Start it once, beside its rhythm."""
    row = _duty(app)
    if row is not None:
        told = f"{row.name} is started now; its rhythm stays."
        app.ask(app.control.daemons.run_now(row.name), lambda _done: app.toast(told))


def toggle(app: FleetApp, _argument: str) -> None:
    """Pause it, or let it go on."""
    row = _duty(app)
    if row is not None:
        pauses = row.state != "paused"
        told = f"{row.name} {'starts nothing by itself now' if pauses else 'goes on'}."
        app.ask(app.control.daemons.pause(row.name, pauses), lambda _done: app.toast(told))


def confirm(app: FleetApp, _argument: str) -> None:
    """Let it write, after a question."""
    row = _duty(app)
    if row is None:
        return
    name, told = row.name, f"{row.name} may write now."
    effect = f"It may change files on {row.target}, {row.rhythm}, with: {row.prompt}"
    question = Question("Let it write", (name,), effect, "Let it write")

    def go(yes: bool | None) -> None:
        if yes:
            app.ask(app.control.daemons.confirm(name), lambda _done: app.toast(told))

    app.open_screen(ConfirmScreen(question), go)


ACTIONS = (
    Action(
        "daemons.open",
        "Daemons and schedules: what runs by itself",
        ("D", "8"),
        "main",
        open_daemons,
        command="daemons",
        aliases=("schedules",),
    ),
    Action(
        "daemons.last",
        "Its last run, in the output pane",
        ("enter",),
        "daemons",
        open_last,
        hint="last run",
        why_disabled=_no_last,
    ),
    Action(
        "daemons.run",
        "Start it now",
        ("r",),
        "daemons",
        run_now,
        hint="run now",
        needs_write=True,
        why_disabled=_cannot_start,
    ),
    Action(
        "daemons.pause",
        "Pause it, or let it go on",
        ("t",),
        "daemons",
        toggle,
        hint="pause",
        needs_write=True,
        why_disabled=_no_duty,
    ),
    Action(
        "daemons.confirm",
        "Let it write as it stands",
        ("w",),
        "daemons",
        confirm,
        hint="let write",
        danger="ask",
        needs_write=True,
        why_disabled=_not_asked,
    ),
)
