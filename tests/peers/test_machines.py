from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.peers.machines import fleet_of_machines
from tests.support.sshd import free_port

if TYPE_CHECKING:
    from fleet_tui.fleet import Fleet
    from fleet_tui.transport.base import Process

PATIENCE = 100.0
"""More than two tries to open a door to a machine."""
CLIENT = Path(__file__).with_name("client.py")

pytestmark = pytest.mark.timeout(300)


class Client:
    """The mock client on one of the machines."""

    def __init__(self) -> None:
        self._lines: asyncio.Queue[bytes] = asyncio.Queue()
        self._rest = b""
        self.errors = b""
        self._process: Process | None = None
        self.id = ""

    def stdout_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._lines.put_nowait(line)

    def stderr_received(self, data: bytes) -> None:
        self.errors += data

    async def start(self, fleet: Fleet, host: str, port: int) -> Client:
        connection = await fleet.pool.connection(host)
        line = f"exec {sys.executable} {CLIENT} {port} {host}"
        self._process = await connection.start(line, self, stdin="open")
        self.id = await self._answer()
        return self

    async def ask(self, line: str) -> Any:
        assert self._process is not None
        await self._process.write(line.encode() + b"\n")
        return await self._answer()

    async def _answer(self) -> Any:
        try:
            async with asyncio.timeout(PATIENCE):
                return json.loads(await self._lines.get())
        except TimeoutError:
            raise AssertionError(self.errors.decode()) from None


async def until_open(fleet: Fleet, *hosts: str) -> None:
    doors = fleet.parts.peers.doors
    async with asyncio.timeout(PATIENCE):
        while True:
            if doors.reached.issuperset(hosts):
                return
            await asyncio.sleep(0.05)


async def test_clients_on_machines_that_know_nothing_of_each_other_list_and_write(
    tmp_path: Path,
) -> None:
    port = free_port()
    async with fleet_of_machines(tmp_path, "left", "right", broker=f"127.0.0.1:{port}") as fleet:
        service = fleet.parts.peers
        await service.open_broker()
        await until_open(fleet, "left", "right")
        left = await Client().start(fleet, "left", port)
        right = await Client().start(fleet, "right", port)
        here = await Client().start(fleet, "here", port)
        (seen, other) = sorted(await left.ask("list"), key=lambda peer: str(peer["cwd"]))
        assert (seen["id"], seen["cwd"]) == (here.id, "/srv/here")
        assert (other["id"], other["cwd"]) == (right.id, "/srv/right")
        assert "I am right" in other["summary"]
        assert await left.ask(f"send {right.id} hello from the left") == {"ok": True}
        (message,) = await right.ask("poll")
        assert (message["from_id"], message["text"]) == (left.id, "hello from the left")
        assert await right.ask(f"send {left.id} hello back") == {"ok": True}
        assert [m["text"] for m in await left.ask("poll")] == ["hello back"]
        hosts = {peer.client: peer.host for peer in service.store.peers()}
        assert hosts == {left.id: "left", right.id: "right", here.id: "here"}
        assert (tmp_path / "left" / ".local/state/fleet-tui/peers.key").exists()
