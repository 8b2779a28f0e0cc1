"""A whole `Fleet` with a real journal and scripted hosts."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from unittest.mock import patch

from fleet_tui.dispatch.ladder import Patience
from fleet_tui.fleet import Fleet
from fleet_tui.journal import read, verify
from fleet_tui.journal.head_place import head_path
from fleet_tui.model.config import Budget, Defaults, FleetConfig
from fleet_tui.model.host import Host
from fleet_tui.model.request import DispatchRequest
from tests.support.fakes import ScriptedPool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping
    from pathlib import Path

    from fleet_tui.dispatch.dispatcher import LiveDispatch
    from fleet_tui.journal import LogLine
    from fleet_tui.model.clock import Clock
    from fleet_tui.model.events import Event
    from fleet_tui.model.run import AgentName, Run
    from tests.support.fakes import Script

AT_ONCE = Patience(0.0, 0.0, 0.0)
"""Steps of the ladder that follow each other without a pause."""


@dataclass(slots=True)
class Stage:
    """The fleet, its scripted hosts, and what its bus said."""

    fleet: Fleet
    pool: ScriptedPool
    heard: list[Event] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def start(
        self, target: str = "all", prompt: str = "true", agent: AgentName = "shell", **more: object
    ) -> LiveDispatch:
        """Dispatch; returns once it is in the log."""
        return await self.fleet.dispatch(
            DispatchRequest(target=target, prompt=prompt, agent=agent, **more)  # type: ignore[arg-type]
        )

    async def run(
        self, target: str = "all", prompt: str = "true", agent: AgentName = "shell", **more: object
    ) -> tuple[Run, ...]:
        """Dispatch and wait for the end of every run."""
        live = await self.start(target, prompt, agent, **more)
        return await live.finished

    async def until(self, condition: Callable[[Event], bool]) -> Event:
        """Return the first event, past or to come, that fulfils `condition`."""
        seen = 0
        while True:
            for event in self.heard[seen:]:
                if condition(event):
                    return event
            seen = len(self.heard)
            self._changed.clear()
            await self._changed.wait()

    def log(self, event: str = "") -> list[LogLine]:
        """Return the lines of the audit log as they stand on disk."""
        return [line for line in read(self.fleet.log_path) if event in ("", line.event)]

    def chain_holds(self) -> bool:
        """Tell whether the audit log fits together."""
        head = head_path(self.fleet.data_dir, self.fleet.log_path)
        return verify(self.fleet.log_path, head=head).ok

    def _hear(self, event: Event) -> None:
        self.heard.append(event)
        self._changed.set()


def fleet_file(
    folder: Path,
    hosts: Iterable[str | Host],
    *,
    defaults: Defaults | None = None,
    budget: Budget | None = None,
) -> FleetConfig:
    """Return a configuration that keeps everything below `folder`."""
    return FleetConfig(
        hosts=tuple(Host(host, durable=False) if isinstance(host, str) else host for host in hosts),
        defaults=defaults or Defaults(),
        budget=budget or Budget(),
        log=folder / "fleet.log",
        data_dir=folder / "data",
        ssh_config=folder / "no-ssh-config",
    )


@asynccontextmanager
async def staged(
    config: FleetConfig,
    scripts: Mapping[str, Script],
    *,
    clock: Clock | None = None,
    patience: Patience = AT_ONCE,
    is_read_only: bool = False,
) -> AsyncIterator[Stage]:
    """Open a fleet whose hosts follow `scripts`, and close it again."""
    pool = ScriptedPool(config.hosts, scripts)
    fleet = Fleet(config, clock=clock, patience=patience, is_read_only=is_read_only)
    with patch("fleet_tui.fleet.ConnectionPool", pool):
        await fleet.open()
    stage = Stage(fleet, pool)
    fleet.bus.subscribe(stage._hear)
    try:
        yield stage
    finally:
        await fleet.close()
