"""Doors of a loopback server on other machines: kept open by SSH, over every loss of contact.

Each machine has a listener of its own here, so that whoever knocks is known by where it is.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError, Unreachable
from fleet_tui.transport.remote_port import LOOPBACK, forward_from_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from fleet_tui.transport.base import Connection
    from fleet_tui.transport.loopback_http import HttpServer
    from fleet_tui.transport.pool import ConnectionPool

RETRY_SECONDS = 30.0
"""Until a machine that refused its door is tried again."""
LOOK_SECONDS = 1.0
UNREACHED = "it cannot be reached"


class KeptDoors:
    """One door a machine, each on the same port of that machine's loopback.

    `furnish` is called with the connection of each door that has opened, to leave there what its
    users need; a door whose furnishing raises FleetError is closed again. `refused` is told why a
    machine would not have a door; it returns True when it has dealt with that, and then no problem
    is kept. `changed` is called when a door opened or closed.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        server: HttpServer,
        port: int,
        *,
        furnish: Callable[[Connection], Awaitable[None]],
        refused: Callable[[str, FleetError], Awaitable[bool]],
        changed: Callable[[], None],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._pool = pool
        self._server = server
        self._port = port
        self._furnish = furnish
        self._refused = refused
        self._changed = changed
        self._sleep = sleep
        self._tasks: list[asyncio.Task[None]] = []
        self.reached: set[str] = set()
        """Machines from whose loopback the server can be reached now."""
        self.problems: dict[str, str] = {}
        """Why it cannot be reached from others, by machine."""

    def keep(self, host: str) -> None:
        """Keep a machine's door open from now on; this machine itself has one already."""
        self._tasks.append(asyncio.create_task(self._keep(host)))

    def opened(self, host: str) -> None:
        """Note that a machine has its door."""
        self.problems.pop(host, None)
        self.reached.add(host)
        self._changed()

    async def close(self) -> None:
        """Take every forward back."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _keep(self, host: str) -> None:
        while True:
            if self._pool.status(host).state != "up":
                await self._sleep(LOOK_SECONDS)
                continue
            try:
                await self._stay(await self._pool.connection(host))
            except (Unreachable, TimeoutError):
                self.problems[host] = UNREACHED
            except FleetError as error:
                self.problems.pop(host, None)
                if not await self._refused(host, error):
                    self.problems[host] = error.what
            self.reached.discard(host)
            self._changed()
            await self._sleep(RETRY_SECONDS if host in self.problems else LOOK_SECONDS)

    async def _stay(self, connection: Connection) -> None:
        """Have the door open until the connection is lost; raises FleetError, Unreachable."""
        host = connection.host.name
        async with self._door(connection):
            await self._furnish(connection)
            self.opened(host)
            while connection.is_open:
                await self._sleep(LOOK_SECONDS)

    @asynccontextmanager
    async def _door(self, connection: Connection) -> AsyncIterator[None]:
        host = connection.host
        if host.connection == "local":
            yield
            return
        inner = self._server.port(host.name)
        if inner is None:
            try:
                inner = await self._server.open_door(host.name, LOOPBACK, 0)
            except OSError as error:
                why = f"no port can be had here for it: {error.strerror or error}"
                raise FleetError(why, where=host.name) from error
        async with forward_from_port(connection, self._port, inner):
            yield
