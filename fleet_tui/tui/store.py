"""What the screen knows: the newest picture of each thing, and what changed in this frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_tui.model.control import Changes
from fleet_tui.model.notice import Notice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.snapshot import DispatchView, FleetView, HostView, RunView

MAX_NOTICES = 2_000


@dataclass(slots=True)
class Dirty:
    """What a frame has to show again."""

    fleet: bool = False
    hosts: set[str] = field(default_factory=set)
    """Hosts whose state changed."""
    runs: set[str] = field(default_factory=set)
    """Runs whose state changed, or that are new."""
    lines: set[str] = field(default_factory=set)
    """Runs that have more lines, or another unfinished line."""
    dispatches: set[str] = field(default_factory=set)
    notices: tuple[Notice, ...] = ()
    numbers: bool = False
    """True in the frames (at most four a second) in which counts, costs and ages may move."""


class Store:
    """Plain dictionaries of snapshots, newest wins."""

    def __init__(self) -> None:
        self.fleet: FleetView | None = None
        self.hosts: dict[str, HostView] = {}
        self.runs: dict[str, RunView] = {}
        self.dispatches: dict[str, DispatchView] = {}
        self.notices: dict[str, Notice] = {}

    def apply(self, changes: Changes, *, numbers: bool) -> Dirty:
        """Take in what the core gave and return what it touched."""
        dirty = Dirty(numbers=numbers)
        if changes.fleet is not None:
            dirty.fleet = True
            self.fleet = changes.fleet
        for name, host in changes.hosts.items():
            known = self.hosts.get(name)
            if known is None or known.link.state != host.link.state:
                dirty.hosts.add(name)
            self.hosts[name] = host
        for run_id, run in changes.runs.items():
            self._take_run(run_id, run, dirty)
        for dispatch_id, dispatch in changes.dispatches.items():
            dirty.dispatches.add(dispatch_id)
            self.dispatches[dispatch_id] = dispatch
        dirty.notices = changes.notices
        self._take_notices(changes.notices)
        return dirty

    def _take_run(self, run_id: str, run: RunView, dirty: Dirty) -> None:
        known = self.runs.get(run_id)
        if known is None or _state_of(known) != _state_of(run):
            dirty.runs.add(run_id)
        if known is None or (known.lines, known.tail) != (run.lines, run.tail):
            dirty.lines.add(run_id)
        self.runs[run_id] = run

    def _take_notices(self, notices: tuple[Notice, ...]) -> None:
        for notice in notices:
            self.notices.pop(notice.id, None)
            self.notices[notice.id] = notice
        while len(self.notices) > MAX_NOTICES:
            del self.notices[next(iter(self.notices))]

    def dispatch_order(self) -> list[str]:
        """Return the ids of the known dispatches, oldest first."""
        return sorted(self.dispatches, key=lambda i: (self.dispatches[i].dispatch.created_at, i))

    def runs_of(self, dispatch_id: str | None) -> list[RunView]:
        """Return the runs of a dispatch that are known, in the target's order."""
        view = self.dispatches.get(dispatch_id or "")
        return [self.runs[i] for i in view.run_ids if i in self.runs] if view else []

    def runs_on(self, host: str, limit: int = 20) -> list[RunView]:
        """Return the newest runs on a host, newest first."""
        mine = [run for run in self.runs.values() if run.run.host == host]
        return sorted(mine, key=lambda view: view.run.created_at, reverse=True)[:limit]


def own_notices(problems: Sequence[str], now: float) -> Changes:
    """Return what is wrong with the operator's files as notices of the screen itself."""
    notices = tuple(
        Notice(f"screen-{number}", now, "warning", "configuration-problem", "screen", problem)
        for number, problem in enumerate(problems)
    )
    return Changes(None, {}, {}, {}, notices)


def _state_of(view: RunView) -> tuple[object, ...]:
    return view.run.state, view.activity, view.is_cancelling, view.run.outcome
