"""The question before the program is left while runs are open; it follows them while it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui import fmt
from fleet_tui.tui.screens.confirm import MOST_NAMED, ConfirmScreen, Question

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from fleet_tui.model.snapshot import RunView
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store

NOTHING = "Every run has ended meanwhile: nothing goes on, and nothing is ended."


class LeavingScreen(ConfirmScreen):
    """Asks with the present number of open runs."""

    def __init__(self, app: FleetApp) -> None:
        self._fleet_app = app
        super().__init__(asked_now(app))

    def show(self, _store: Store, dirty: Dirty, _now: float) -> None:
        """Show how many there are now."""
        if dirty.runs:
            self.put(asked_now(self._fleet_app))


def open_runs(store: Store) -> list[RunView]:
    """Return the runs that have not ended."""
    return [view for view in store.runs.values() if view.run.is_open]


def asked_now(app: FleetApp) -> Question:
    """Return the question as the newest snapshots have it."""
    keeping = {host.name for host in app.control.config.hosts if host.keeps_runs}
    is_demo = app.store.fleet is not None and app.store.fleet.is_demo
    return leaving(open_runs(app.store), keeping, is_demo=is_demo)


def leaving(runs: Sequence[RunView], keeping: Collection[str], *, is_demo: bool) -> Question:
    """Return the question before the program is left; `keeping` names hosts that keep runs.

    What has not begun on its host, or is being stopped, does not stay there.
    """
    hosts = tuple(dict.fromkeys(view.run.host for view in runs))
    if is_demo:
        return Question("Leave the demo", hosts, "The demo's hosts end with it.", "Leave")
    if not runs:
        return Question("Leave fleet-tui", hosts, NOTHING, "Leave")
    stays = [
        view
        for view in runs
        if view.run.host in keeping and view.run.state == "running" and not view.is_cancelling
    ]
    ends = [view.run.host for view in runs if view not in stays]
    effect = []
    if stays:
        one = len(stays) == 1
        go, they = ("goes", "it is") if one else ("go", "they are")
        effect.append(
            f"{fmt.some(len(stays), 'run')} {go} on without this screen; "
            f"{they} found again at the next start."
        )
    if ends:
        named = ", ".join(sorted(set(ends))[:MOST_NAMED])
        effect.append(
            f"{fmt.some(len(ends), 'run')} on {named} {'is' if len(ends) == 1 else 'are'} ended: "
            "not begun yet, being stopped, or on a host that keeps none."
        )
    return Question("Leave fleet-tui", hosts, " ".join(effect), "Leave")
