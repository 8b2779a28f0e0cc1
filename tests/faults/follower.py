"""A client that can be killed: follows one run into two spool files, whatever was there before.

`python -m tests.faults.follower FILE` reads the order as JSON, and writes `status` in its folder
when the run has ended.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from fleet_tui.model.config import Defaults, FleetConfig
from fleet_tui.model.host import Host
from fleet_tui.transport.durable import DurableSpec
from tests.support.persistence import Persistence
from tests.transport.helpers import pool_of


@dataclass(frozen=True)
class Order:
    """Which run, where, and where its bytes go."""

    run: str
    line: str
    port: int
    user: str
    key: str
    known_hosts: str
    folder: str

    def write(self) -> Path:
        """Leave it in its folder; returns the file."""
        path = Path(self.folder) / "order.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(asdict(self)))
        return path


class Spool:
    """A sink that appends to files; their sizes are the offsets to go on from."""

    def __init__(self, folder: Path) -> None:
        flags = os.O_CREAT | os.O_WRONLY | os.O_APPEND
        self._out = os.open(folder / "out", flags, 0o600)
        self._err = os.open(folder / "err", flags, 0o600)
        self.out_size = os.fstat(self._out).st_size
        self.err_size = os.fstat(self._err).st_size

    def stdout_received(self, data: bytes) -> None:
        _write_all(self._out, data)

    def stderr_received(self, data: bytes) -> None:
        _write_all(self._err, data)


async def follow_to_the_end(order: Order) -> None:
    """Do it; a status file is there when the host told how the run ended."""
    folder = Path(order.folder)
    spool = Spool(folder)
    host = Host("web", "127.0.0.1", order.user, order.port, key=order.key)
    config = FleetConfig(
        hosts=(host,),
        ssh_config=folder / "no-ssh-config",
        known_hosts=Path(order.known_hosts),
        defaults=Defaults(keepalive=0.5),
    )
    async with pool_of(config) as pool:
        persistence = Persistence(lambda: pool.reconnect("web"), spool)
        spec = DurableSpec(order.run, order.line)
        if spool.out_size or spool.err_size:
            status = await persistence.go_on(order.run, out=spool.out_size, err=spool.err_size)
        else:
            status = await persistence.run(spec)
    (folder / "status").write_text(f"{status.code} {status.signal}")


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


if __name__ == "__main__":
    asyncio.run(follow_to_the_end(Order(**json.loads(Path(sys.argv[1]).read_text()))))
