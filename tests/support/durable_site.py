"""A real sshd with a relay before it that can be cut, and a pool that goes through it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.model.config import Defaults
from tests.support.cutting import CuttingRelay
from tests.support.durable import DurableHost
from tests.support.sshd import SshServer
from tests.transport.helpers import direct_fleet, pool_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fleet_tui.transport.base import Connection
    from fleet_tui.transport.pool import ConnectionPool


class Site:
    """An sshd, a relay before it, and a pool that reaches it through the relay."""

    def __init__(self, server: SshServer, relay: CuttingRelay, pool: ConnectionPool) -> None:
        self.server = server
        self.relay = relay
        self.pool = pool
        self.state = server.home / "state"

    async def connect(self) -> Connection:
        return await self.pool.reconnect("web")

    async def host(self) -> DurableHost:
        return DurableHost(await self.pool.connection("web"), self.state)

    def remote(self, run: str) -> tuple[bytes, bytes]:
        folder = self.state / "fleet-tui" / "runs" / run
        return (folder / "out").read_bytes(), (folder / "err").read_bytes()


@asynccontextmanager
async def site_at(folder: Path, *, keepalive: float = 5.0) -> AsyncIterator[Site]:
    server = SshServer(folder, env={"XDG_STATE_HOME": str(folder / "sshd-host" / "state")})
    with server:
        async with CuttingRelay(server.port).running() as relay:
            known = folder / "known_hosts"
            key = server.known_hosts_text().split(" ", 1)[1]
            known.write_text(f"[127.0.0.1]:{relay.port} {key}")
            config = direct_fleet(["web"], relay.port, server.user_key, known, user=server.user)
            config = replace(config, defaults=Defaults(keepalive=keepalive))
            async with pool_of(config) as pool:
                yield Site(server, relay, pool)
