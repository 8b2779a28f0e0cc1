"""Runs that other programs started: found again, taken in, or closed as lost."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fleet_tui.dispatch.closing import closing_entry
from fleet_tui.dispatch.leftovers import Leftovers, sort_leftovers
from fleet_tui.journal import runs_to_close
from fleet_tui.model.events import NoticeRaised
from fleet_tui.model.notice import Notice

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fleet_tui.dispatch.dispatcher import Dispatcher
    from fleet_tui.dispatch.housekeeping import Housekeeping
    from fleet_tui.journal import FleetLog, RunStore
    from fleet_tui.model.clock import Clock
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host
    from fleet_tui.model.run import Run
    from fleet_tui.transport.base import Connector
    from fleet_tui.transport.durable_inventory import RemoteRun


@dataclass(frozen=True, slots=True)
class Who:
    """Who we are in store and log."""

    owner: str
    by: str
    epoch: Callable[[], int]


class Recovery:
    """What a start does for runs of programs that are gone."""

    def __init__(
        self,
        config: FleetConfig,
        *,
        log_path: Path,
        data_dir: Path,
        log: FleetLog,
        store: RunStore,
        clock: Clock,
        connector: Connector,
        housekeeping: Housekeeping,
        dispatcher: Dispatcher,
        who: Who,
        on_found: Callable[[], None],
        may_follow: Callable[[], bool] = lambda: True,
    ) -> None:
        self._config = config
        self._log_path = log_path
        self._data_dir = data_dir
        self._log = log
        self._store = store
        self._clock = clock
        self._connector = connector
        self._housekeeping = housekeeping
        self._dispatcher = dispatcher
        self._who = who
        self._on_found = on_found
        self._may_follow = may_follow
        self._left = Leftovers()

    async def close_what_was_left_open(self) -> None:
        """Write the closing lines that a crashed program could not write; connects to nothing."""
        left = runs_to_close(
            self._log_path, self._store, self._data_dir, self._who.owner, now=self._clock.time()
        )
        self._left = sort_leftovers(left, self._store, self._config)
        if self._left.to_close:
            lines = [closing_entry(item.run) for item in self._left.to_close if item.needs_line]
            await self._log.append(lines, durable=True)
            self._store.finish_runs([(item.run, "") for item in self._left.to_close])

    def notices(self) -> tuple[NoticeRaised, ...]:
        """Return what happened while nobody listened: runs closed for a crashed program, and a
        run store that was broken.
        """
        now = self._clock.time()
        told = []
        if self._left.notice:
            text = self._left.notice
            told.append(Notice("left-open", now, "warning", "run-lost", "fleet", text))
        if self._store.moved_aside is not None:
            text = f"the run store could not be read and was put aside as {self._store.moved_aside}"
            told.append(Notice("store-aside", now, "error", "store-broken", "fleet", text))
        return tuple(NoticeRaised(notice) for notice in told)

    async def find_left_open(self) -> int:
        """Follow the runs that a program which is gone left on their hosts; returns how many.

        Where another machine leads, that one follows them; but for tasks of the queue that this
        machine carries out itself, of which nobody else knows.
        """
        leads = self._may_follow()
        mine = [
            (run, host)
            for run, host in self._left.to_find
            if leads or (host.connection == "local" and self._is_of_queue(run))
        ]
        found: dict[str, dict[str, Host]] = {}
        for run, host in mine:
            found.setdefault(run.dispatch, {})[run.id] = host
        rest = tuple(item for item in self._left.to_find if item not in mine)
        self._left = replace(self._left, to_find=() if leads else rest)
        for dispatch_id, hosts in found.items():
            dispatch = self._store.get_dispatch(dispatch_id)
            if dispatch is not None:
                self._dispatcher.adopt(dispatch, self._store.runs_of(dispatch_id), hosts)
        if found:
            self._on_found()
        return sum(len(hosts) for hosts in found.values())

    def _is_of_queue(self, run: Run) -> bool:
        dispatch = self._store.get_dispatch(run.dispatch)
        return dispatch is not None and dispatch.origin == "queue"

    async def settle(self, seconds: float) -> None:
        """Look for runs left open and wait a little, so that those that have ended are closed."""
        if await self.find_left_open():
            endings = [live.finished for live in self._dispatcher.live]
            await asyncio.wait(endings, timeout=seconds)

    async def orphans(self, host: str) -> tuple[RemoteRun, ...]:
        """Return the runs a host keeps that our store does not know; raises Unreachable."""
        return await self._housekeeping.strangers(await self._connector.connection(host))

    async def adopt(self, host: str, run_id: str) -> Run:
        """Follow a run that our store does not know; raises UsageError, Unreachable."""
        connection = await self._connector.connection(host)
        who = self._who
        dispatch, run = await self._housekeeping.take_in(
            connection, run_id, owner=who.owner, by=who.by, epoch=who.epoch()
        )
        self._dispatcher.adopt(dispatch, (run,), {run.id: connection.host})
        self._on_found()
        return run
