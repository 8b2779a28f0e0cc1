"""Where the queue of a trial is kept, and how each process gets at it."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.model.config import Defaults, FleetConfig
from fleet_tui.model.host import Host
from fleet_tui.queue.open import store_for
from fleet_tui.transport.pool import ConnectionPool
from tests.support.nats import NatsServer
from tests.support.sshd import SshServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from fleet_tui.model.clock import Clock
    from fleet_tui.model.host import LinkStatus
    from fleet_tui.queue.store import TaskStore

BACKENDS = ("directory", "sftp", "nats")
FOREIGN_LEASES = 4
"""A plain shell worker is given so many leases."""


@dataclass(frozen=True)
class Site:
    """A queue; `place` is JSON that any process can open it by."""

    backend: str
    place: str

    @asynccontextmanager
    async def store(
        self, clock: Clock, lease: float, max_attempts: int
    ) -> AsyncIterator[TaskStore]:
        """Yield the open store."""
        place = json.loads(self.place)
        config = FleetConfig(
            hosts=(Host("hub"),) if self.backend == "sftp" else (),
            defaults=Defaults(keepalive=1.0),
            ssh_config=Path(place["ssh_config"]) if "ssh_config" in place else None,
            sections={
                "queue": {
                    "backend": self.backend,
                    **place["queue"],
                    "lease": lease,
                    "foreign_lease": lease * FOREIGN_LEASES,
                    "max_attempts": max_attempts,
                }
            },
        )
        pool = ConnectionPool(config, clock=clock, on_status=_tell_nobody)
        store = store_for(config, pool, clock)
        await store.open()
        try:
            yield store
        finally:
            await store.close()
            await pool.close()


def _tell_nobody(status: LinkStatus) -> None:
    """Nobody watches the hub."""


@contextmanager
def site_in(folder: Path, backend: str) -> Iterator[tuple[Site, Callable[[], None]]]:
    """Yield a site below `folder`, and what breaks its server and brings it back."""
    queue = {"path": str(folder / "queue")}
    if backend == "directory":
        yield Site(backend, json.dumps({"queue": queue})), lambda: None
    elif backend == "sftp":
        with SshServer(folder) as server:
            login = server.client_config("hub")
            place = {
                "queue": {**queue, "host": "hub"},
                "ssh_config": str(login.ssh_config),
            }
            yield Site(backend, json.dumps(place)), server.restart
    else:
        with NatsServer(folder) as nats:
            yield Site(backend, json.dumps({"queue": {"url": nats.url}})), nats.restart


async def settle(seconds: float) -> None:
    """Let a backlog grow older than the lease, as it is in practice."""
    await asyncio.sleep(seconds)
