"""What is true now: events of the core reduced to the pictures that faces show."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.model.events import (
    AgentSpoke,
    DispatchFinished,
    DispatchStarted,
    HostProbed,
    LinkChanged,
    NoticeRaised,
    PartChanged,
    RunChanged,
    RunFinished,
)
from fleet_tui.model.host import LinkStatus
from fleet_tui.model.managed_view import ManagedView
from fleet_tui.model.parking_view import ParkingView
from fleet_tui.model.roles_view import RolesView
from fleet_tui.model.snapshot import DispatchView, FleetView, HostView, RunView

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fleet_tui.dispatch.runtask import RunTask
    from fleet_tui.dispatch.spending import Spending
    from fleet_tui.mailbox import Mailbox
    from fleet_tui.model.clock import Clock
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.events import Event
    from fleet_tui.model.host import HostFacts
    from fleet_tui.model.notice import Notice
    from fleet_tui.model.parking_view import ParkedRun
    from fleet_tui.model.run import Run
    from fleet_tui.model.snapshot import PartView

COST_SECONDS = 0.5
"""How often today's cost is added up, at most."""
PICTURE_SECONDS = 0.05
"""How often changed pictures are made; between them only a set of names grows."""


class Board:
    """Keeps the newest picture of everything, and puts changed ones into the mailbox."""

    def __init__(
        self,
        config: FleetConfig,
        mailbox: Mailbox,
        clock: Clock,
        *,
        status: FleetView,
        is_read_only: bool = False,
        spending: Spending,
        task: Callable[[str], RunTask | None],
        lines: Callable[[str], int],
        facts: Callable[[str], HostFacts | None],
    ) -> None:
        self._mailbox = mailbox
        self._clock = clock
        self._status = status
        self._is_read_only = is_read_only
        self._spending = spending
        self._task = task
        self._lines = lines
        now = clock.time()
        self._hosts = {
            host.name: HostView(host, LinkStatus(host.name, "unknown", now), facts(host.name))
            for host in config.hosts
        }
        self._runs: dict[str, Run] = {}
        self._parked: Mapping[str, ParkedRun] = {}
        self._open: dict[str, set[str]] = {host.name: set() for host in config.hosts}
        self._dispatches: dict[str, DispatchView] = {}
        self._cost_is_stale = False
        self._cost_read_at = -COST_SECONDS
        self._changed_hosts: set[str] = set(self._hosts)
        self._changed_runs: set[str] = set()
        self._changed_dispatches: set[str] = set()
        self._notices: list[Notice] = []
        self._parts: dict[type[PartView], PartView] = {}
        self._timer: asyncio.TimerHandle | None = None

    def heard(self, event: Event) -> None:
        """Take one event of the bus."""
        if isinstance(event, AgentSpoke):
            self._changed_runs.add(event.run)
        elif isinstance(event, RunChanged):
            self._take_run(event.run)
        elif isinstance(event, RunFinished):
            self._take_run(event.run)
            self._cost_is_stale = True
        elif isinstance(event, DispatchStarted):
            self._cost_is_stale = True
            ids = tuple(run.id for run in event.runs)
            self._take_dispatch(DispatchView(event.dispatch, ids))
            for run in event.runs:
                self._take_run(run)
        elif isinstance(event, DispatchFinished):
            self._take_dispatch(
                replace(self._dispatches[event.dispatch.id], dispatch=event.dispatch)
            )
        elif isinstance(event, LinkChanged):
            self._take_link(event.status)
        elif isinstance(event, HostProbed):
            if event.host in self._hosts:
                self._hosts[event.host] = replace(self._hosts[event.host], facts=event.facts)
                self._changed_hosts.add(event.host)
        elif isinstance(event, NoticeRaised):
            self._notices.append(event.notice)
        elif isinstance(event, PartChanged):
            self._parts[type(event.view)] = event.view
            if isinstance(event.view, RolesView):
                self._take_roles(event.view)
            elif isinstance(event.view, ManagedView):
                self._cost_is_stale = True
            elif isinstance(event.view, ParkingView):
                self._changed_runs.update({*self._parked, *event.view.parked})
                self._parked = event.view.parked
        else:
            return
        self._arm()

    def output_grew(self, runs: Iterable[str]) -> None:
        """Note that these runs have more lines to read."""
        self._changed_runs.update(runs)
        self._arm()

    def show(self, dispatch: DispatchView, runs: Iterable[Run]) -> None:
        """Bring back a past dispatch, or show how one of another program stands."""
        self._cost_is_stale = True
        self._take_dispatch(dispatch)
        for run in runs:
            self._take_run(run)
        self._arm()

    def behind(self, open_runs: Iterable[Run]) -> tuple[set[str], list[str]]:
        """Return what other programs have changed, and the open runs that they follow.

        `open_runs` are all that the store knows. The first is the dispatches whose runs stand
        otherwise here: with a run that is new or has changed, or is not open any more.
        """
        theirs = {run.id: run for run in open_runs if self._task(run.id) is None}
        changed = {run.dispatch for run in theirs.values() if self._runs.get(run.id) != run}
        here = (run for runs in self._open.values() for run in runs)
        ended = {self._runs[i].dispatch for i in here if i not in theirs and not self._task(i)}
        return changed | ended, list(theirs)

    def publish(self) -> None:
        """Make pictures of what changed and put them into the mailbox."""
        self._timer = None
        self._refresh_cost()
        hosts = {
            name: self._host_picture(name) for name in self._hosts if name in self._changed_hosts
        }
        runs = {
            run: self._run_picture(self._runs[run])
            for run in self._changed_runs
            if run in self._runs
        }
        dispatches = {name: self._dispatches[name] for name in self._changed_dispatches}
        notices = tuple(self._notices)
        self._changed_hosts, self._changed_runs, self._changed_dispatches = set(), set(), set()
        self._notices = []
        parts, self._parts = tuple(self._parts.values()), {}
        self._mailbox.put(
            fleet=self._fleet_picture(),
            hosts=hosts,
            runs=runs,
            dispatches=dispatches,
            notices=notices,
            parts=parts,
        )

    def _refresh_cost(self) -> None:
        """Add today's cost up again, twice a second at most."""
        now = self._clock.monotonic()
        if not self._cost_is_stale:
            return
        if now - self._cost_read_at < COST_SECONDS:
            self._arm()
            return
        self._cost_is_stale = False
        self._cost_read_at = now
        self._spending.now()
        self._changed_hosts.update(self._hosts)

    def close(self) -> None:
        """Stop making pictures."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(PICTURE_SECONDS, self.publish)

    def _take_roles(self, view: RolesView) -> None:
        """Let the status line say who we are now."""
        why = (f"{view.why_observer}; {view.mend}",) if view.why_observer else ()
        self._status = replace(
            self._status,
            this_host=view.this_host,
            role=view.role,
            epoch=view.epoch,
            is_read_only=self._is_read_only or bool(view.why_observer),
            notes=(*why, *view.notes),
        )

    def _take_run(self, run: Run) -> None:
        self._runs[run.id] = run
        self._changed_runs.add(run.id)
        open_runs = self._open.get(run.host)
        if open_runs is None:
            return
        (open_runs.add if run.is_open else open_runs.discard)(run.id)
        self._changed_hosts.add(run.host)

    def _take_dispatch(self, view: DispatchView) -> None:
        self._dispatches[view.dispatch.id] = view
        self._changed_dispatches.add(view.dispatch.id)

    def _take_link(self, status: LinkStatus) -> None:
        if status.host in self._hosts:
            self._hosts[status.host] = replace(self._hosts[status.host], link=status)
            self._changed_hosts.add(status.host)

    def _host_picture(self, name: str) -> HostView:
        cost = self._spending.last_known.by_host.get(name, 0.0)
        view = replace(self._hosts[name], open_runs=len(self._open[name]), cost_today_usd=cost)
        self._hosts[name] = view
        return view

    def _run_picture(self, run: Run) -> RunView:
        task = self._task(run.id)
        parked = self._parked.get(run.id)
        if task is None or parked is not None:
            return RunView(
                run,
                "blocked-limit" if parked else "done" if run.state == "succeeded" else "stopped",
                lines=self._lines(run.id),
                parked_until=parked.due_at if parked else None,
            )
        recorder = task.recorder
        parser = recorder.parser
        live = replace(
            run,
            cost_usd=run.cost_usd if run.cost_usd is not None else parser.cost_usd,
            out_bytes=recorder.out_bytes,
            err_bytes=recorder.err_bytes,
        )
        return RunView(
            live,
            activity=parser.activity,
            doing=parser.doing,
            lines=recorder.spool.count,
            tail=recorder.tail,
            last_output_at=recorder.heard_at,
            is_cancelling=task.is_stopping,
            contact_lost_at=task.contact_lost_at,
            questions=task.conversation.questions() if task.conversation else (),
        )

    def _fleet_picture(self) -> FleetView:
        spent = self._spending.last_known
        self._status = replace(
            self._status,
            hosts_up=sum(view.link.state == "up" for view in self._hosts.values()),
            open_runs=sum(len(runs) for runs in self._open.values()),
            cost_today_usd=spent.usd,
            cost_is_complete=spent.is_complete,
        )
        return self._status
