"""The connection over which fleets write to each other, on a NATS server with JetStream.

| subject | kind | holds |
|---|---|---|
| `fleet-peers.mail.FLEET` | stream `FLEET_PEERS`, a durable consumer a fleet | messages, receipts |
| `fleet-peers.here.FLEET` | core NATS, kept nowhere | who is there, again and again |
"""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import nats.errors
from nats.js import api

from fleet_tui.model.errors import FleetError
from fleet_tui.model.text import one_line
from fleet_tui.transport.nats_client import closed_on_failure, connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from nats.aio.client import Client
    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

STREAM = "FLEET_PEERS"
MAIL, HERE = "fleet-peers.mail", "fleet-peers.here"
CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 5.0
DUPLICATE_SECONDS = 120.0
KEPT_SECONDS = 30 * 86_400.0
ACK_WITHIN = 30.0


def word(name: str) -> str:
    """Return a fleet's name as a part of a subject."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)


class NatsLink:
    """An open connection; reconnects by itself, for ever. Methods raise FleetError."""

    def __init__(self, url: str, fleet: str, login: Path | None) -> None:
        self._url = url
        self._fleet = fleet
        self._login = login
        self._client: Client | None = None
        self._js: JetStreamContext | None = None
        self._inbox: JetStreamContext.PullSubscription | None = None

    @property
    def is_open(self) -> bool:
        """True while the server answers."""
        return self._client is not None and self._client.is_connected

    async def open(self, heard: Callable[[Any], Awaitable[None]]) -> None:
        """Connect and find or make the stream; `heard` takes what other fleets say is there."""

        async def take(message: Msg) -> None:
            if message.subject != f"{HERE}.{word(self._fleet)}":
                await heard(_json(message.data))

        name = f"fleet-tui peers {self._fleet}"
        async with self._told("reach the NATS server"), asyncio.timeout(CONNECT_SECONDS):
            self._client = await connect(self._url, name, self._login)
            async with closed_on_failure(self._client):
                await self._make(self._client)
                await self._client.subscribe(f"{HERE}.*", cb=take)

    async def _make(self, client: Client) -> None:
        self._js = client.jetstream(timeout=ANSWER_SECONDS)
        await self._js.add_stream(
            api.StreamConfig(
                name=STREAM,
                subjects=[f"{MAIL}.>"],
                storage=api.StorageType.FILE,
                max_age=KEPT_SECONDS,
                duplicate_window=DUPLICATE_SECONDS,
            )
        )
        self._inbox = await self._js.pull_subscribe(
            f"{MAIL}.{word(self._fleet)}",
            durable=f"for-{word(self._fleet)}",
            stream=STREAM,
            config=api.ConsumerConfig(ack_wait=ACK_WITHIN),
        )

    async def close(self) -> None:
        """Close the connection."""
        if self._client is not None and not self._client.is_closed:
            await self._client.close()

    async def announce(self, what: dict[str, Any]) -> None:
        """Tell all other fleets who is here."""
        assert self._client is not None
        async with self._told("tell who is here"):
            await self._client.publish(f"{HERE}.{word(self._fleet)}", json.dumps(what).encode())

    async def mail(self, fleet: str, identifier: str, what: dict[str, Any]) -> None:
        """Return once the server keeps it; the same identifier is kept once."""
        assert self._js is not None
        headers = {"Nats-Msg-Id": identifier}
        subject = f"{MAIL}.{word(fleet)}"
        async with self._told("leave it with the NATS server"):
            await self._js.publish(subject, json.dumps(what).encode(), headers=headers)

    async def fetch(self, seconds: float) -> list[tuple[Any, Msg]]:
        """Return what came within so many seconds; each must be acknowledged, or comes again."""
        assert self._inbox is not None
        async with self._told("fetch messages"):
            try:
                return [(_json(m.data), m) for m in await self._inbox.fetch(50, timeout=seconds)]
            except (nats.errors.TimeoutError, TimeoutError):
                return []

    async def acknowledge(self, message: Msg) -> None:
        """Say that it is kept here now."""
        async with self._told("acknowledge a message"):
            await message.ack()

    @asynccontextmanager
    async def _told(self, doing: str) -> AsyncIterator[None]:
        try:
            yield
        except (OSError, ValueError, TimeoutError, nats.errors.Error) as error:
            said = one_line(str(error)) or type(error).__name__
            raise FleetError(
                f"cannot {doing}: {said}",
                where=self._url,
                mend="nothing was lost: it is tried again; is JetStream on? (`nats-server -js`)",
            ) from error


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
