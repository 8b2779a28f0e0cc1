"""Examines a fleet's patterns over its connections."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError, Unreachable
from fleet_tui.roles.patterns.faults import Fault, PatternCase, faults
from fleet_tui.roles.patterns.record import read_migration
from fleet_tui.roles.patterns.survey import HomeSurvey, Surveys, survey

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fleet_tui.model.clock import Clock
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host, HostFacts
    from fleet_tui.transport.base import Connection, Connector

HOSTS_AT_ONCE = 8


class PatternDesk:
    """Asks every machine and says what is wrong; changes nothing on any of them."""

    def __init__(
        self,
        config: FleetConfig,
        connector: Connector,
        facts: Callable[[str], HostFacts | None],
        data_dir: Path,
        clock: Clock,
    ) -> None:
        self._config = config
        self._connector = connector
        self._facts = facts
        self._data_dir = data_dir
        self._clock = clock
        self._turns = asyncio.Semaphore(HOSTS_AT_ONCE)
        self._unreachable: set[str] = set()

    async def check(self) -> tuple[tuple[Fault, ...], Surveys]:
        """Return every fault, errors first, and what was asked; raises FleetError."""
        surveys = await self.survey()
        now = self._clock.time()
        known = read_migration(self._data_dir)
        migration = None if known is None else (known.name, now - known.started_at)
        return (
            faults(
                PatternCase(
                    self._config,
                    surveys,
                    verified_ago=self._verified_ago(surveys, now),
                    unreachable=frozenset(self._unreachable),
                    migration=migration,
                )
            ),
            surveys,
        )

    async def survey(self) -> Surveys:
        """Ask every machine what its agent's home looks like."""
        self._unreachable.clear()
        answers = await asyncio.gather(*(self._ask(host) for host in self._config.hosts))
        named = list(zip((host.name for host in self._config.hosts), answers, strict=True))
        return Surveys(
            {name: answer for name, answer in named if isinstance(answer, HomeSurvey)},
            {name: answer for name, answer in named if isinstance(answer, str)},
        )

    async def connection(self, host: str) -> Connection:
        """Return a connection; raises Unreachable."""
        return await self._connector.connection(host)

    async def _ask(self, host: Host) -> HomeSurvey | str:
        async with self._turns:
            try:
                connection = await self._connector.connection(host.name)
                return await survey(connection, self._config.agent_home)
            except Unreachable as error:
                self._unreachable.add(host.name)
                return error.what
            except FleetError as error:
                return error.what

    def _verified_ago(self, surveys: Surveys, now: float) -> dict[str, float]:
        """Return the seconds since each host last said what it is; an answer now counts."""
        ago = {}
        for host in self._config.hosts:
            facts = self._facts(host.name)
            if host.name in surveys.homes:
                ago[host.name] = 0.0
            elif facts is not None:
                ago[host.name] = max(0.0, now - facts.probed_at)
        return ago
