"""Looking closer: one run, all hosts' pulses, the output side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui.actions import Action
from fleet_tui.tui.verbs import reach

if TYPE_CHECKING:
    from fleet_tui.tui.actions import Run
    from fleet_tui.tui.app import FleetApp


def open_run_detail(app: FleetApp, argument: str) -> None:
    """Show all that is known of a run."""
    from fleet_tui.tui.screens.run_detail import RunScreen

    view = app.store.runs.get(argument) if argument else reach.run(app)
    if view is None:
        app.toast(f"No run {argument!r} is known here.", "warning")
    else:
        app.open_screen(RunScreen(app, view.run.id))


def no_run(app: FleetApp) -> str:
    """Say why no run can be shown."""
    return "" if reach.run(app) is not None else "Choose one run first: ← and →, or a line of it."


def open_pulses(app: FleetApp, _argument: str) -> None:
    """Show the curves of every host."""
    from fleet_tui.tui.screens.pulses import PulsesScreen

    app.open_screen(PulsesScreen(app))


def open_split(app: FleetApp, _argument: str) -> None:
    """Show the dispatch with a box for each group of hosts."""
    from fleet_tui.tui.screens.split import SplitScreen

    app.open_screen(SplitScreen(app, app.main.output.dispatch_id or ""))


def step_box(direction: int) -> Run:
    """Return what goes to the next or previous box."""

    def run(app: FleetApp, _argument: str) -> None:
        from fleet_tui.tui.screens.split import SplitScreen

        if isinstance(app.screen, SplitScreen):
            app.screen.step_box(direction)

    return run


def open_row(app: FleetApp, argument: str) -> None:
    """Open what the screen on top is about."""
    from fleet_tui.tui.verbs import screens

    screens.open_row(app, argument)


ACTIONS = (
    Action(
        "run.detail",
        "All that is known of this run",
        ("f9",),
        "run",
        open_run_detail,
        why_disabled=no_run,
    ),
    Action(
        "detail.show",
        "Show it beside the others of its dispatch",
        ("enter",),
        "detail",
        open_row,
        hint="in its dispatch",
    ),
    Action(
        "pulses.open",
        "The pulse of every host",
        ("f7",),
        "main",
        open_pulses,
        command="pulses",
    ),
    Action(
        "pulses.host",
        "All that is known of the host",
        ("enter",),
        "pulses",
        open_row,
        hint="open",
        why_disabled=reach.no_rows,
    ),
    Action(
        "output.split",
        "A box for each group of hosts",
        ("|", "u"),
        "output",
        open_split,
        why_disabled=reach.no_dispatch,
        command="split",
    ),
    Action("split.next", "Next box", ("tab",), "split", step_box(1), hint="next box"),
    Action("split.previous", "Previous box", ("shift+tab", "backspace"), "split", step_box(-1)),
)
