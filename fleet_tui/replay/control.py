"""The core of a replay: what `FleetControl` gives a screen, fed from the log as time goes by.

Whatever is not of the past hour (the queue, the peers, ...) is answered by an empty fleet in a
throw-away folder, which never connects and is never written to by the screen: it is read-only.
"""

from __future__ import annotations

from collections import Counter
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fleet_tui.journal import SpoolReader, Timeline, read
from fleet_tui.model.control import Changes
from fleet_tui.model.errors import UsageError
from fleet_tui.model.host import Host, LinkStatus
from fleet_tui.model.snapshot import DispatchView, FleetView, HostView, RunView
from fleet_tui.replay.clock import ReplayClock
from fleet_tui.replay.lines import LinesThen, TimelineThen
from fleet_tui.replay.moments import Moment, last_hours, moments_of

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.model.agent import AgentActivity
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.notice import Notice
    from fleet_tui.runtime import CoreThread

MOST_TIMES = 50_000
"""Arrivals of output that the clock heeds when it cuts silences short."""


class ReplayControl:
    """Implements `model.control.FleetControl`; `inner` answers what the past does not hold."""

    def __init__(
        self, inner: CoreThread, log: Path, data_dir: Path, *, hours: float, speed: float
    ) -> None:
        """Read the log; raises JournalError, UsageError when it holds nothing to show."""
        self._inner = inner
        self._data_dir = data_dir
        moments = moments_of(last_hours(list(read(log)), hours))
        if not any(moment.run for moment in moments):
            raise UsageError("nothing was dispatched in that time", mend="try more --hours")
        self._ids: dict[str, list[str]] = {}
        for moment in moments:
            if moment.dispatch and moment.run:
                self._ids.setdefault(moment.dispatch.id, []).append(moment.run.id)
        self._timelines = {
            name: Timeline.load(data_dir / "dispatches" / f"{name}.timeline") for name in self._ids
        }
        self._places = {r: (d, n) for d, ids in self._ids.items() for n, r in enumerate(ids)}
        times = sorted({*(m.at for m in moments), *self._arrivals()})
        self.clock = ReplayClock(times, speed)
        self._waiting = moments[::-1]
        self._hosts = {host.name: host for host in inner.config.hosts}
        self._readers: dict[str, SpoolReader] = {}
        self._links: dict[str, LinkStatus] = {}
        self._runs: dict[str, RunView] = {}
        self._dispatches: dict[str, DispatchView] = {}
        self._cost = 0.0
        self._is_first = True

    def __getattr__(self, name: str) -> Any:
        """Let the empty fleet answer the rest."""
        return getattr(self._inner, name)

    @property
    def config(self) -> FleetConfig:
        """The fleet as configured now."""
        return self._inner.config

    def drain(self) -> Changes:
        """Give out what happened since the last call, in the time that is shown."""
        now = self.clock.time()
        runs: dict[str, RunView] = {}
        dispatches: dict[str, DispatchView] = {}
        hosts: dict[str, HostView] = {}
        notices: list[Notice] = []
        if self._is_first:
            hosts = {name: self._host_view(name, now) for name in self._hosts}
        while self._waiting and self._waiting[-1].at <= now:
            moment = self._waiting.pop()
            self._take(moment, runs, dispatches)
            if moment.notice is not None:
                notices.append(moment.notice)
        for name, view in self._runs.items():
            lines = self.lines(name).count
            if lines != view.lines:
                runs[name] = self._runs[name] = replace(view, lines=lines, last_output_at=now)
        hosts |= {
            view.run.host: self._host_view(view.run.host, now)
            for view in runs.values()
            if view.run.host in self._hosts
        }
        is_news = bool(self._is_first or runs)
        self._is_first = False
        return Changes(
            self._fleet_view() if is_news else None, hosts, runs, dispatches, tuple(notices)
        )

    def lines(self, run_id: str) -> LinesThen:
        """Return what a run had said; raises KeyError for an unknown one."""
        dispatch, place = self._places[run_id]
        reader = self._readers.get(run_id)
        if reader is None:
            reader = self._readers[run_id] = SpoolReader(self._data_dir / "runs" / run_id)
        return LinesThen(reader, self._timelines[dispatch], place, self.clock)

    def timeline(self, dispatch_id: str) -> TimelineThen:
        """Return the merged order as it was; raises KeyError for an unknown dispatch."""
        return TimelineThen(self._timelines[dispatch_id], self.clock)

    def recent(self, limit: int = 100) -> Future[tuple[DispatchView, ...]]:
        """Return the dispatches shown so far, newest first."""
        return _done(tuple(self._dispatches.values())[::-1][:limit])

    def open_dispatch(self, dispatch_id: str) -> Future[DispatchView]:
        """Return a dispatch that was shown."""
        return _done(self._dispatches[dispatch_id])

    def _take(
        self, moment: Moment, runs: dict[str, RunView], dispatches: dict[str, DispatchView]
    ) -> None:
        if moment.dispatch is not None and moment.dispatch.id not in self._dispatches:
            view = DispatchView(moment.dispatch, tuple(self._ids[moment.dispatch.id]))
            prompted = replace(view.dispatch, target=",".join(self._targets(moment.dispatch.id)))
            view = replace(view, dispatch=prompted)
            dispatches[view.dispatch.id] = self._dispatches[view.dispatch.id] = view
        run = moment.run
        if run is None:
            return
        ended: AgentActivity = "done" if run.state == "succeeded" else "stopped"
        lines = self.lines(run.id).count
        runs[run.id] = self._runs[run.id] = RunView(
            run, "working" if run.is_open else ended, lines=lines
        )
        if not run.is_open:
            self._cost += run.cost_usd or 0.0
        if run.host in self._hosts:
            unreached = run.outcome in ("connect", "host-key")
            self._links[run.host] = LinkStatus(
                run.host,
                "down" if unreached else "up",
                moment.at,
                proven_at=None if unreached else moment.at,
                reason=run.reason if unreached else "",
            )

    def _targets(self, dispatch_id: str) -> list[str]:
        wanted = set(self._ids[dispatch_id])
        pending = {m.run.id: m.run.host for m in self._waiting if m.run and m.run.id in wanted}
        shown = {name: view.run.host for name, view in self._runs.items() if name in wanted}
        return list(dict.fromkeys([*pending.values(), *shown.values()]))

    def _host_view(self, name: str, now: float) -> HostView:
        runs = [view.run for view in self._runs.values() if view.run.host == name]
        link = self._links.get(name) or LinkStatus(name, "unknown", now)
        host: Host = self._hosts[name]
        spent = sum(run.cost_usd or 0.0 for run in runs)
        return HostView(host, link, None, sum(run.is_open for run in runs), spent)

    def _fleet_view(self) -> FleetView:
        states = Counter(link.state for link in self._links.values())
        return FleetView(
            name=self.config.name,
            this_host="",
            role=None,
            epoch=max((v.dispatch.epoch for v in self._dispatches.values()), default=0),
            hosts_total=len(self._hosts),
            hosts_up=states["up"],
            open_runs=sum(view.run.is_open for view in self._runs.values()),
            cost_today_usd=self._cost,
            cost_is_complete=True,
            is_read_only=True,
        )

    def _arrivals(self) -> list[float]:
        found: list[float] = []
        for timeline in self._timelines.values():
            room = MOST_TIMES - len(found)
            found += [span.at for span in timeline.spans(0, timeline.rows)[: max(0, room)]]
        return found


def _done(value: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(value)
    return future
