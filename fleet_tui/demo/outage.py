"""A demo host that is off the network for a while, so that one sees what becomes of its runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fleet_tui.demo.pace import Pace

WORKS_SECONDS = 4.0
"""From the start of a run until contact is lost: an agent's answer takes ten or more."""
LASTS_SECONDS = 5.0
CALM_SECONDS = 60.0
"""After an outage, in which no other is begun."""


class Droppable(Protocol):
    """A connection that can be cut."""

    def abort(self) -> None:
        """Cut it without a word."""


class Outage:
    """Cuts the connections to one host and refuses others while it lasts."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._connections: set[Droppable] = set()
        self._passing: asyncio.Task[None] | None = None
        self.is_on = False
        """True while the host cannot be reached."""

    def entered(self, connection: Droppable) -> None:
        """Note a connection to the host; during an outage it is cut at once."""
        if self.is_on:
            connection.abort()
        else:
            self._connections.add(connection)

    def left(self, connection: Droppable) -> None:
        """Forget a connection."""
        self._connections.discard(connection)

    def work_began(self) -> None:
        """A run was started on the host: soon contact will be lost, unless it was lately."""
        if self._passing is None or self._passing.done():
            self._passing = asyncio.create_task(self._pass())

    async def _pass(self) -> None:
        await self._pace.wait(WORKS_SECONDS)
        self.is_on = True
        for connection in tuple(self._connections):
            connection.abort()
        self._connections.clear()
        await self._pace.wait(LASTS_SECONDS)
        self.is_on = False
        await self._pace.wait(CALM_SECONDS)
