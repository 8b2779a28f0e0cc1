"""What can be done with the runs of the past: found, compared, taken elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui.actions import Action
from fleet_tui.tui.verbs import reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.screens.runs import RunsScreen


def open_runs(app: FleetApp, argument: str) -> None:
    """List what ran before, or what of it fits."""
    from fleet_tui.tui.screens.runs import RunsScreen

    app.open_screen(RunsScreen(app, argument))


def _screen(app: FleetApp) -> RunsScreen | None:
    from fleet_tui.tui.screens.runs import RunsScreen

    return app.screen if isinstance(app.screen, RunsScreen) else None


def _marked(app: FleetApp) -> list[str]:
    screen = _screen(app)
    return [key for key in screen.rows.ids() if key in screen.table.marks] if screen else []


def _not_two(app: FleetApp) -> str:
    return "" if len(_marked(app)) == 2 else "Mark two runs with space, then compare them."


def compare(app: FleetApp, _argument: str) -> None:
    """Show how the answers of the two marked runs differ; the older one comes first."""
    from fleet_tui.tui.screens.compare import CompareScreen

    newer, older = _marked(app)
    app.ask(
        app.control.past.compare(older, newer),
        lambda found: app.open_screen(CompareScreen(app, found)),
    )


def _run_id(app: FleetApp) -> str:
    screen = _screen(app)
    if screen is not None:
        return screen.table.cursor_key or ""
    view = reach.run(app)
    return view.run.id if view is not None else ""


def _no_run(app: FleetApp) -> str:
    return "" if _run_id(app) else "No one run is chosen here."


def export(app: FleetApp, argument: str) -> None:
    """Copy a run as Markdown, or write it to the file that is named."""
    run_id = _run_id(app)
    if argument:
        app.ask(
            app.control.past.save(run_id, argument),
            lambda path: app.toast(f"Written to {path}.", kind="saved"),
        )
    else:
        app.ask(app.control.past.export(run_id), lambda text: app.copy(text, "the run as Markdown"))


def _turn(direction: int) -> Callable[[FleetApp, str], None]:
    def run(app: FleetApp, _argument: str) -> None:
        screen = _screen(app)
        if screen is not None:
            screen.turn_page(direction)

    return run


def _no_older(app: FleetApp) -> str:
    screen = _screen(app)
    return "" if screen is not None and screen.has_more else "There are no older ones."


def _no_newer(app: FleetApp) -> str:
    screen = _screen(app)
    return "" if screen is not None and screen.first else "These are the newest."


ACTIONS = (
    Action(
        "runs.open",
        "What ran before",
        ("o",),
        "main",
        open_runs,
        command="runs",
        argument="[FILTER]",
    ),
    Action(
        "runs.compare",
        "How two marked answers differ",
        ("c",),
        "runs",
        compare,
        hint="compare",
        why_disabled=_not_two,
    ),
    Action(
        "runs.markdown",
        "Copy the run as Markdown",
        ("m",),
        "runs",
        export,
        hint="markdown",
        why_disabled=_no_run,
    ),
    Action("runs.older", "Older runs", ("]",), "runs", _turn(1), why_disabled=_no_older),
    Action("runs.newer", "Newer runs", ("[",), "runs", _turn(-1), why_disabled=_no_newer),
    Action(
        "run.export",
        "Copy the run as Markdown, or write it to a file",
        (),
        "run",
        export,
        why_disabled=_no_run,
        command="export",
        argument="[FILE]",
    ),
)
