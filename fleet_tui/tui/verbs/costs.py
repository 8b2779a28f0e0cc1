"""What can be done about what runs have cost: looked at, grouped, taken elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui.actions import Action
from fleet_tui.tui.verbs.screens import reload

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.screens.costs import CostsScreen


def open_costs(app: FleetApp, argument: str) -> None:
    """Show what runs have cost, grouped as named."""
    from fleet_tui.model.costs_view import GROUPINGS
    from fleet_tui.tui.screens.costs import CostsScreen

    if argument and argument not in GROUPINGS:
        app.toast(f"Costs are grouped by {', '.join(GROUPINGS)}.", "warning")
        return
    app.open_screen(CostsScreen(app, argument))


def _on_screen(act: Callable[[CostsScreen], None]) -> Callable[[FleetApp, str], None]:
    def run(app: FleetApp, _argument: str) -> None:
        from fleet_tui.tui.screens.costs import CostsScreen

        if isinstance(app.screen, CostsScreen):
            act(app.screen)

    return run


def export(screen: CostsScreen) -> None:
    """Write the report as CSV, and say where."""
    app = screen.fleet_app
    app.ask(
        app.control.costs.export(screen.days), lambda path: app.toast(f"Costs written to {path}.")
    )


ACTIONS = (
    Action(
        "costs.open",
        "What runs have cost",
        ("$", "6"),
        "main",
        open_costs,
        command="costs",
        argument="[day|host|agent|model]",
    ),
    Action(
        "costs.group",
        "By day, host, agent or model",
        ("b",),
        "costs",
        _on_screen(lambda screen: screen.group_next()),
        hint="group by",
    ),
    Action(
        "costs.days",
        "7, 14, 30 or 90 days",
        ("w",),
        "costs",
        _on_screen(lambda screen: screen.widen()),
        hint="days",
    ),
    Action(
        "costs.export",
        "Write them to a CSV file",
        ("e",),
        "costs",
        _on_screen(export),
        hint="csv",
    ),
    Action("costs.reload", "Add up again", ("r",), "costs", reload, hint="reload"),
)
