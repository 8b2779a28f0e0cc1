"""What is done when a host first comes up: it is asked what it is, and tidied."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError
from fleet_tui.model.events import LinkChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from fleet_tui.context import Tells
    from fleet_tui.dispatch.housekeeping import Housekeeping
    from fleet_tui.health.facts import FactsKeeper
    from fleet_tui.model.events import Event
    from fleet_tui.transport.base import Connector

AT_ONCE = 8
"""Hosts that are asked at the same time."""


class Arrivals:
    """Hears of links and greets each host once, when its link first comes up."""

    def __init__(
        self,
        connector: Connector,
        facts: FactsKeeper,
        housekeeping: Housekeeping,
        spawn: Callable[[Coroutine[None, None, None]], None],
        notice: Tells,
    ) -> None:
        self._connector = connector
        self._facts = facts
        self._housekeeping = housekeeping
        self._spawn = spawn
        self._notice = notice
        self._greeted: set[str] = set()
        self._turns = asyncio.Semaphore(AT_ONCE)

    def heard(self, event: Event) -> None:
        """Take an event of the bus."""
        if isinstance(event, LinkChanged) and event.status.state == "up":
            host = event.status.host
            if host not in self._greeted:
                self._greeted.add(host)
                self._spawn(self._greet(host))

    async def _greet(self, host: str) -> None:
        """Probe and tidy; a failure is a notice, and the host is greeted when it next comes up."""
        async with self._turns:
            try:
                connection = await self._connector.connection(host)
                await self._facts.probe(connection)
                if connection.host.keeps_runs:
                    await self._housekeeping.tidy_there(connection)
            except TimeoutError:
                self._greeted.discard(host)
            except FleetError as error:
                self._greeted.discard(host)
                self._notice(f"probe/{host}", "warning", "probe-failed", host, str(error))
