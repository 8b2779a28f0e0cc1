"""Every connection of the fleet: one a host, warm, shared, watched, and brought back when kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.model.errors import Unreachable
from fleet_tui.model.host import Host
from fleet_tui.transport.keepalive import PROBES, Pulse, Sweep
from fleet_tui.transport.link import Link
from fleet_tui.transport.local import LocalConnection
from fleet_tui.transport.login import Address, LoginDesk, address_of, address_of_chain
from fleet_tui.transport.open_files import raise_open_file_limit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from fleet_tui.model.clock import Clock
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import LinkStatus
    from fleet_tui.transport.base import Connection
    from fleet_tui.transport.endpoint import Endpoint
    from fleet_tui.transport.keys import Passphrase
    from fleet_tui.transport.lane import Lane
    from fleet_tui.transport.lane_watch import LaneWatch
    from fleet_tui.transport.ssh import SshConnection

SWEEP_SECONDS = 1.0
"""How often silent connections are looked for, at most."""
ANSWER_SECONDS = 5.0
"""How long the answer to a sign of life is waited for when somebody wants to know the latency."""
CLOSE_SECONDS = 2.0
"""How long a server may take to let go of a connection when the pool closes."""


class ConnectionPool:
    """Connections by host name. Lives on one event loop; close it before the loop ends."""

    def __init__(
        self,
        config: FleetConfig,
        *,
        clock: Clock,
        on_status: Callable[[LinkStatus], None],
        passphrase: Passphrase | None = None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._on_status = on_status
        self._hosts = {host.name: host for host in config.hosts}
        self._links: dict[str, Link] = {}
        self._desk = LoginDesk(config, clock, self._bastion, passphrase)
        self._sweep = Sweep()
        self._sweeper: asyncio.Task[None] | None = None
        self._listeners: set[asyncio.Queue[str | None]] = set()
        self._is_closed = False
        raise_open_file_limit()

    async def connection(self, host: str) -> Connection:
        """Return the host's open connection, or open one; raises Unreachable, KeyError."""
        return await self._link(host).connect()

    def warm(self, host: str) -> Connection | None:
        """Return the host's open connection, None when one would have to be made."""
        link = self._links.get(host)
        return None if link is None else link.warm

    async def reconnect(self, host: str) -> Connection:
        """Try now instead of after the back-off, and ask again for a passphrase that was declined.

        Raises Unreachable, KeyError.
        """
        self._desk.forget_refusals()
        return await self._link(host).reconnect()

    def status(self, host: str) -> LinkStatus:
        """Return how we stand with the host; raises KeyError."""
        return self._link(host).status

    async def measure(self, host: str) -> None:
        """Learn the latency of a host that is up: one round trip, none when it is known already.

        There is none to this machine. Raises Unreachable, TimeoutError, KeyError.
        """
        link = self._link(host)
        connection = link.warm
        if link.status.latency_seconds is None and connection is not None:
            from fleet_tui.transport.ssh import SshConnection

            if isinstance(connection, SshConnection):
                async with asyncio.timeout(ANSWER_SECONDS):
                    link.answered(await connection.round_trip())

    def keep(self, hosts: Iterable[str]) -> None:
        """Keep exactly these hosts connected from now on, and let go of those kept before.

        Raises KeyError for a name that is not in the fleet.
        """
        wanted = set(hosts)
        links = [self._link(name) for name in wanted]
        for name, link in self._links.items():
            if name not in wanted:
                link.release()
        for link in links:
            link.keep()

    async def closed(self) -> AsyncIterator[str]:
        """Yield the name of each host whose connection is lost, until the pool closes."""
        lost: asyncio.Queue[str | None] = asyncio.Queue()
        self._listeners.add(lost)
        try:
            while not self._is_closed and (name := await lost.get()) is not None:
                yield name
        finally:
            self._listeners.discard(lost)

    async def close(self) -> None:
        """Close everything; bounded, whatever the other ends do."""
        if self._is_closed:
            return
        self._is_closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        connections = [link.connection for link in self._links.values()]
        await asyncio.gather(*(link.stop() for link in self._links.values()))
        await _gone([connection for connection in connections if connection is not None])
        await self._desk.close()
        for listener in self._listeners:
            listener.put_nowait(None)

    # Opening.

    def _link(self, name: str) -> Link:
        link = self._links.get(name)
        if link is None:
            host = self._hosts[name]
            link = self._links[name] = Link(host, self._clock, self._open, self._on_status)
        return link

    async def _open(self, link: Link) -> Connection:
        if self._is_closed:
            raise Unreachable("the fleet is shutting down", host=link.host.name, fault="lost")
        if link.host.connection == "local":
            link.set_state("up", server="local")
            return LocalConnection(link.host)
        return await self._open_ssh(link, address_of(link.host))

    async def _open_ssh(self, link: Link, address: Address) -> SshConnection:
        lane, endpoint, server = await self._desk.log_in(address)
        from fleet_tui.transport.ssh import SshConnection

        async def another() -> Lane:
            more, place, _ = await self._desk.log_in(address)
            self._watch(more, place, lambda _: None)
            return more

        connection = SshConnection(
            link.host,
            lane,
            another,
            lambda _, reason: self._lost(link, reason),
            user=endpoint.user,
        )
        if not connection.is_open:
            raise Unreachable(
                f"the connection was lost at once: {lane.reason}",
                host=link.host.name,
                fault="lost",
            )
        link.heard_at = self._watch(lane, endpoint, link.answered)
        link.set_state("up", server=server)
        return connection

    async def _bastion(self, chain: tuple[str, ...]) -> SshConnection:
        """Return the one connection that is shared by all who jump through `chain`."""
        from fleet_tui.transport.ssh import SshConnection

        connection = await self._bastion_link(chain).connect()
        if not isinstance(connection, SshConnection):
            raise Unreachable("it is this machine", host=chain[-1], fault="jump")
        return connection

    def _bastion_link(self, chain: tuple[str, ...]) -> Link:
        if len(chain) == 1 and chain[0] in self._hosts:
            self._refuse_loop(chain[0])
            return self._link(chain[0])
        label = f"jump {','.join(chain)}"
        link = self._links.get(label)
        if link is None:
            host = Host(chain[-1])
            address = address_of_chain(host, chain)
            link = Link(host, self._clock, lambda own: self._open_ssh(own, address), _tell_nobody)
            self._links[label] = link
        return link

    def _refuse_loop(self, name: str) -> None:
        seen: list[str] = []
        following: str | None = name
        while following is not None and following in self._hosts:
            if following in seen:
                path = " via ".join([*seen, following])
                raise Unreachable(
                    f"jump hosts form a ring: {path}",
                    host=name,
                    fault="jump",
                    mend="correct `via` in fleet.toml",
                )
            seen.append(following)
            following = self._hosts[following].via

    # Watching.

    def _watch(
        self, lane: Lane, endpoint: Endpoint, answered: Callable[[float], None]
    ) -> Callable[[], float | None]:
        """Look after a lane; returns who knows when it was last heard."""
        from fleet_tui.transport.lane_watch import LaneWatch

        interval, probes = self._config.defaults.keepalive, PROBES
        if endpoint.keepalive is not None and (interval <= 0 or endpoint.keepalive < interval):
            interval, probes = endpoint.keepalive, endpoint.keepalive_count or PROBES
        if interval <= 0:
            return lambda: None
        watch = LaneWatch(lane, answered)
        self._sweep.watch(Pulse(watch, interval, self._clock.monotonic(), probes))
        lane.when_gone(lambda: self._unwatch(watch))
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.create_task(self._sweep_for_ever())
        return lambda: self._sweep.heard_at(watch)

    def _unwatch(self, watch: LaneWatch) -> None:
        watch.stop()
        self._sweep.forget(watch)

    async def _sweep_for_ever(self) -> None:
        configured = self._config.defaults.keepalive
        pause = min(SWEEP_SECONDS, configured / 4) if configured > 0 else SWEEP_SECONDS
        while not self._is_closed:
            await asyncio.sleep(pause)
            self._sweep.tick(self._clock.monotonic())

    def _lost(self, link: Link, reason: str) -> None:
        if self._is_closed:
            return
        link.was_lost(reason)
        if link.host.name in self._hosts:
            for listener in self._listeners:
                listener.put_nowait(link.host.name)


async def _gone(connections: list[Connection]) -> None:
    """Wait a little until closed connections are gone, then end what is still there."""
    lanes = [lane for one in connections for lane in getattr(one, "lanes", ())]
    ends = [*lanes, *(one for one in connections if isinstance(one, LocalConnection))]
    waits = [asyncio.create_task(end.wait_closed()) for end in ends]
    if waits:
        _, late = await asyncio.wait(waits, timeout=CLOSE_SECONDS)
        for task in late:
            task.cancel()
    for lane in lanes:
        lane.lose("the fleet is shutting down")


def _tell_nobody(status: LinkStatus) -> None:
    """A jump host that is not of the fleet has no row on the screen."""
