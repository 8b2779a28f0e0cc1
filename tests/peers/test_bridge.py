"""Somebody's own claude-peers broker (a mock of it) has the port: its peers and ours meet."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from fleet_tui.model.peer import OPERATOR
from tests.peers.desk import peer_desk
from tests.peers.knock import knock, register
from tests.peers.live import reach
from tests.peers.machines import fleet_of_machines
from tests.peers.test_machines import Client, until_open
from tests.support import claude_peers
from tests.support.sshd import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from fleet_tui.model.peer import Peer
    from fleet_tui.peers.service import PeerService
    from fleet_tui.transport.base import Connection

MOCK = Path(claude_peers.__file__)
PATIENCE = 100.0
T = TypeVar("T")
pytestmark = pytest.mark.timeout(300)


@asynccontextmanager
async def their_broker(port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(MOCK), str(port)), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def a_process() -> AsyncIterator[int]:
    """A process of its own for a client of theirs, as their broker wants one for each."""
    process = await asyncio.create_subprocess_exec("sleep", "600")
    try:
        yield process.pid
    finally:
        process.kill()
        await process.wait()


async def until(ask: Callable[[], Awaitable[T | None]]) -> T:
    async with asyncio.timeout(PATIENCE):
        while True:
            if (found := await ask()) is not None:
                return found
            await asyncio.sleep(0.05)


async def listed(port: int, words: str) -> dict[str, Any] | None:
    _, rows = await knock(port, "/list-peers", {})
    return next((row for row in rows if words in row["summary"]), None)


def known(service: PeerService, client: str) -> Callable[[], Awaitable[Peer | None]]:
    async def ask() -> Peer | None:
        peer = service.store.by_client(client)
        return peer if peer is not None and peer.is_live else None

    return ask


async def test_its_peers_and_ours_list_and_write_to_each_other(tmp_path: Path) -> None:
    port = free_port()
    async with their_broker(port), a_process() as pid:
        theirs = await register(port, cwd="/srv/theirs", pid=pid, summary="I was here first")
        async with peer_desk(tmp_path, broker=f"127.0.0.1:{port}") as desk:
            service = desk.service
            ours = desk.peer("ours", host="elsewhere", cwd="/srv/ours", summary="mending carts")
            await service.open_broker()
            peer = await until(known(service, theirs))
            assert (peer.host, peer.cwd, peer.source) == ("here", "/srv/theirs", "bridge")
            assert peer.summary == "I was here first"
            sent = await service.post.send(ours.name, peer.name, "hello over there")
            got = await reach(service, sent.id, "handed-over")
            assert got.route == "bridge"
            assert "proof would be nothing but an answer" in got.detail
            _, mail = await knock(port, "/poll-messages", {"id": theirs})
            (message,) = mail["messages"]
            assert message["text"] == "hello over there"
            row = await listed(port, "mending carts")
            assert row is not None
            assert message["from_id"] == row["id"]
            body = {"from_id": theirs, "to_id": row["id"], "text": "DONE: hello back"}
            assert await knock(port, "/send-message", body) == (200, {"ok": True})

            async def answered() -> bool | None:
                return bool(service.store.messages("recipient = ?", ours.name)) or None

            await until(answered)
            (answer,) = service.store.messages("recipient = ?", ours.name)
            assert (answer.sender, answer.text) == (peer.name, "DONE: hello back")
            assert answer.reply_to == sent.id
            operator = await listed(port, "[operator]")
            assert operator is not None
            body = {"from_id": theirs, "to_id": operator["id"], "text": "may I?"}
            await knock(port, "/send-message", body)

            async def asked() -> bool | None:
                return bool(service.store.messages("recipient = ?", OPERATOR)) or None

            await until(asked)
            assert "bridged to the own broker of here" in service.view().broker
        _, rows = await knock(port, "/list-peers", {})
        assert [row["id"] for row in rows] == [theirs]


async def test_when_it_ends_its_peers_are_gone_and_ours_takes_the_port(tmp_path: Path) -> None:
    port = free_port()
    async with their_broker(port) as broker, a_process() as pid:
        theirs = await register(port, pid=pid)
        async with peer_desk(tmp_path, broker=f"127.0.0.1:{port}") as desk:
            service = desk.service
            await service.open_broker()
            peer = await until(known(service, theirs))
            broker.kill()
            await broker.wait()

            async def taken() -> bool | None:
                return True if service.doors.key_of("here") else None

            await until(taken)
            gone = service.store.peer(peer.name)
            assert gone is not None
            assert not gone.is_live
            one = await register(port, pid=7)
            assert service.store.by_client(one) is not None


async def test_a_broker_of_ours_is_not_bridged(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    async with peer_desk(tmp_path / "one", broker=f"127.0.0.1:{port}") as one:
        await one.service.open_broker()
        async with peer_desk(tmp_path / "two", broker=f"127.0.0.1:{port}") as two:
            await two.service.open_broker()
            assert "cannot listen" in two.service.view().broker
            assert not two.service.bridges.open


async def test_one_on_another_machine_is_reached_through_its_connection(tmp_path: Path) -> None:
    port = free_port()
    async with fleet_of_machines(tmp_path, "left", "right", broker=f"127.0.0.1:{port}") as fleet:
        service = fleet.parts.peers
        broker = await _serve_on(await fleet.pool.connection("left"), port)
        left = await Client().start(fleet, "left", port)
        await service.open_broker()
        await until_open(fleet, "right")
        right = await Client().start(fleet, "right", port)
        peer = await until(known(service, left.id))
        assert peer.host == "left"
        assert peer.cwd == "/srv/left"
        assert await right.ask(f"send {left.id} hello from the right") == {"ok": True}
        (message,) = service.store.messages("recipient = ?", peer.name)
        assert (await reach(service, message.id, "handed-over")).route == "bridge"
        (mail,) = await left.ask("poll")
        assert mail["text"] == "hello from the right"
        assert await left.ask(f"send {mail['from_id']} hello back") == {"ok": True}

        async def came() -> Any:
            return await right.ask("poll") or None

        (back,) = await until(came)
        assert (back["from_id"], back["text"]) == (left.id, "hello back")
        broker.abort()


async def _serve_on(connection: Connection, port: int) -> Any:
    """Start the mock on a machine, and wait until it listens."""
    sink = Client()
    process = await connection.start(f"exec {sys.executable} {MOCK} {port}", sink)
    async with asyncio.timeout(PATIENCE):
        while await sink._lines.get() != b"ready":
            pass
    return process
