"""A client that cannot be made ready leaves no connection to its server behind."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from fleet_tui.transport.nats_client import closed_on_failure, connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

INFO = b'INFO {"server_id":"x","version":"2.11.0","max_payload":1048576}\r\n'


class Server:
    """Greets a client, answers it or not, and tells when it has spoken and when it is gone."""

    def __init__(self, *, answers: bool) -> None:
        self.port = 0
        self.was_asked = asyncio.Event()
        self.was_left = asyncio.Event()
        self._answers = answers

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(INFO)
        while line := await reader.readline():
            if line == b"PING\r\n":
                self.was_asked.set()
                writer.write(b"PONG\r\n" if self._answers else b"")
        writer.close()
        self.was_left.set()


@asynccontextmanager
async def serving(*, answers: bool) -> AsyncIterator[Server]:
    server = Server(answers=answers)
    listener = await asyncio.start_server(server.talk, "127.0.0.1", 0)
    async with listener:
        server.port = listener.sockets[0].getsockname()[1]
        yield server


async def test_a_server_that_does_not_answer_is_let_go_of() -> None:
    async with serving(answers=False) as server:
        connecting = asyncio.create_task(connect(f"nats://127.0.0.1:{server.port}", "t", None))
        await server.was_asked.wait()
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
        await server.was_left.wait()


async def test_a_client_that_is_of_no_use_is_closed() -> None:
    async with serving(answers=True) as server:
        client = await connect(f"nats://127.0.0.1:{server.port}", "t", None)
        with pytest.raises(LookupError):
            async with closed_on_failure(client):
                raise LookupError("there is no JetStream")
        await server.was_left.wait()
        assert client.is_closed
