"""Old spools and remote folders removed, and runs found that no record knows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, get_args

from fleet_tui.journal import LogEntry, collect_old
from fleet_tui.model.errors import UsageError
from fleet_tui.model.run import AgentName, Dispatch, Mode, Run
from fleet_tui.model.text import one_line
from fleet_tui.transport.durable_inventory import collect, inventory

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.journal import Collected, FleetLog, RunStore
    from fleet_tui.model.clock import Clock
    from fleet_tui.model.config import Defaults
    from fleet_tui.transport.base import Connection
    from fleet_tui.transport.durable_inventory import RemoteRun

_DAY = 86_400.0
_GB = 10**9
_AGENTS: dict[str, AgentName] = {name: name for name in get_args(AgentName)}
_MODES: dict[str, Mode] = {mode: mode for mode in get_args(Mode)}


class Housekeeping:
    """Keeps what `[defaults] keep_days` and `keep_gb` allow; never touches an unfinished run."""

    def __init__(
        self, data_dir: Path, store: RunStore, log: FleetLog, clock: Clock, keep: Defaults
    ) -> None:
        self._data_dir = data_dir
        self._store = store
        self._log = log
        self._clock = clock
        self._keep = keep

    def tidy_here(self) -> Collected:
        """Delete old spools of this machine."""
        open_runs = [item.run for item in self._store.open_runs()]
        return collect_old(
            self._data_dir,
            now=self._clock.time(),
            keep_days=self._keep.keep_days,
            keep_bytes=self._keep.keep_gb * _GB,
            open_runs={run.id for run in open_runs},
            open_dispatches={run.dispatch for run in open_runs},
        )

    async def tidy_daily(self) -> None:
        """Delete old spools of this machine now and once a day, until cancelled."""
        while True:
            await asyncio.to_thread(self.tidy_here)
            await asyncio.sleep(_DAY)

    async def tidy_there(self, connection: Connection) -> int:
        """Delete old runs' folders on a host; returns how many. Raises Unreachable, FleetError."""
        open_runs = {item.run.id for item in self._store.open_runs()}
        removed = await collect(
            connection,
            keep_seconds=self._keep.keep_days * _DAY,
            keep_bytes=self._keep.keep_gb * _GB,
            spare=open_runs,
        )
        return len(removed)

    async def strangers(self, connection: Connection) -> tuple[RemoteRun, ...]:
        """Return the runs a host keeps that our store does not know."""
        return tuple(
            run for run in await inventory(connection) if self._store.get_run(run.run) is None
        )

    async def take_in(
        self, connection: Connection, run_id: str, *, owner: str, by: str, epoch: int
    ) -> tuple[Dispatch, Run]:
        """Enter a stranger in store and log, so that it can be followed; raises UsageError."""
        host = connection.host.name
        known = {run.run: run for run in await self.strangers(connection)}
        found = known.get(run_id)
        if found is None:
            raise UsageError(
                f"{host} keeps no unknown run {one_line(run_id, 40)}",
                mend=f"see `fleet-tui orphans {host}`",
            )
        dispatch_id, agent, mode = (*found.meta.split(), "", "", "")[:3]
        begun = self._clock.time() - (found.age or 0.0)
        run = Run(
            id=found.run,
            dispatch=dispatch_id or found.run.replace("r-", "d-", 1),
            host=host,
            agent=_AGENTS.get(agent, "shell"),
            mode=_MODES.get(mode, "unrestricted"),
            state="running",
            created_at=begun,
            started_at=begun,
        )
        dispatch = Dispatch(
            id=run.dispatch,
            target=host,
            prompt=found.command or "(unknown)",
            agent=run.agent,
            mode=run.mode,
            origin="operator",
            by=by,
            epoch=epoch,
            created_at=begun,
        )
        self._store.add_dispatch(dispatch, (run,), owner)
        fields: dict[str, str | int | float | None] = {
            "id": run.dispatch,
            "run": run.id,
            "host": host,
            "by": by,
            "epoch": epoch,
        }
        await self._log.append([LogEntry("claim", fields)], durable=True)
        return dispatch, run
