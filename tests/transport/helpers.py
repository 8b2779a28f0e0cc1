"""What the transport tests share: sinks, fleets made from servers, a peer that can freeze."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fleet_tui.clock import SystemClock
from fleet_tui.model.config import Defaults, FleetConfig
from fleet_tui.model.host import Host
from fleet_tui.transport.pool import ConnectionPool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

    from fleet_tui.model.host import LinkStatus
    from tests.support.sshd import SshServer

PATIENT = Defaults(connect_timeout=60.0)
"""For servers that answer, if slowly."""


class Sink:
    """Keeps everything, and can be waited on until it holds something."""

    def __init__(self) -> None:
        self.out = bytearray()
        self.err = bytearray()
        self.blocks = 0
        self._changed = asyncio.Event()

    def stdout_received(self, data: bytes) -> None:
        self.out += data
        self.blocks += 1
        self._changed.set()

    def stderr_received(self, data: bytes) -> None:
        self.err += data
        self._changed.set()

    async def until(self, condition: Callable[[Sink], bool]) -> None:
        while not condition(self):
            self._changed.clear()
            await self._changed.wait()


class Counter:
    """A sink that keeps nothing but the count."""

    def __init__(self) -> None:
        self.size = 0

    def stdout_received(self, data: bytes) -> None:
        self.size += len(data)

    def stderr_received(self, data: bytes) -> None:
        self.size += len(data)


class Statuses:
    """Collects what the pool tells, and can be waited on."""

    def __init__(self) -> None:
        self.seen: list[LinkStatus] = []
        self._changed = asyncio.Event()

    def __call__(self, status: LinkStatus) -> None:
        self.seen.append(status)
        self._changed.set()

    async def until(self, condition: Callable[[LinkStatus], bool]) -> LinkStatus:
        """Return the first status, seen or to come, that fulfils `condition`."""
        index = 0
        while True:
            for status in self.seen[index:]:
                if condition(status):
                    return status
            index = len(self.seen)
            self._changed.clear()
            if index == len(self.seen):
                await self._changed.wait()


def fleet_of(
    server: SshServer,
    names: Iterable[str] = ("web",),
    *,
    lines: Iterable[str] = (),
    defaults: Defaults | None = None,
    hosts: Iterable[Host] = (),
) -> FleetConfig:
    """Return a fleet whose `names` all lead to `server` by an ssh_config of its own."""
    names = tuple(names)
    client = server.client_config(*names, lines=lines)
    return FleetConfig(
        hosts=(*(Host(name) for name in names), *hosts),
        ssh_config=client.ssh_config,
        defaults=defaults or PATIENT,
    )


def direct_fleet(
    names: Iterable[str],
    port: int,
    key: Path,
    known_hosts: Path,
    *,
    defaults: Defaults | None = None,
    user: str = "anybody",
    address: str = "127.0.0.1",
) -> FleetConfig:
    """Return a fleet that fleet.toml describes in full."""
    return FleetConfig(
        hosts=tuple(
            Host(name, address=address, port=port, user=user, key=str(key)) for name in names
        ),
        ssh_config=known_hosts.with_name("no-ssh-config"),
        known_hosts=known_hosts,
        defaults=defaults or PATIENT,
    )


@asynccontextmanager
async def pool_of(
    config: FleetConfig,
    *,
    on_status: Callable[[LinkStatus], None] = lambda _: None,
    passphrase: Callable[[str], str | None] | None = None,
) -> AsyncIterator[ConnectionPool]:
    """Open a pool and close it again."""
    pool = ConnectionPool(config, clock=SystemClock(), on_status=on_status, passphrase=passphrase)
    try:
        yield pool
    finally:
        await pool.close()


class FreezableRelay:
    """A TCP relay that can stop relaying while its sockets stay open: a half-open network."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.accepted = 0

    def freeze(self) -> None:
        """Let no byte pass any more."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Let them pass again."""
        self._flowing.set()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FreezableRelay]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._copy(reader, far_writer))
                group.create_task(self._copy(far_reader, writer))
        finally:
            for side in (writer, far_writer):
                side.close()
            self._tasks.discard(task)

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
            writer.close()


@asynccontextmanager
async def peer(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object],
) -> AsyncIterator[int]:
    """Listen with `talk` as the conversation; yields the port."""
    server = await asyncio.start_server(talk, "127.0.0.1", 0)  # type: ignore[arg-type]
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
