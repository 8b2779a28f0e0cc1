"""The connection to a NATS server: what the queue keeps there, and failures as sentences.

| what | kind | holds |
|---|---|---|
| `FLEET_<Q>_QUEUE` | work-queue stream, `fleet.<q>.task.<key>` | one message a task that is open |
| `FLEET_<Q>_DEAD` | stream of advisories | messages that were delivered too often |
| `fleet-<q>-tasks` | key-value | each task's record; its revision is the fence |
| `fleet-<q>-texts` | key-value | texts and signatures |
| `fleet-<q>-results` | key-value | results, in pieces, by fence |
| `fleet-<q>-marks` | key-value | what holds for all workers: pause, signed tasks taken |
| `fleet-<q>-beats` | key-value, in memory | heartbeats |
"""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import nats.errors
import nats.js.errors
from nats.js import api

from fleet_tui.model.task import MAX_TASK_BYTES, QueueError, QueueMissing
from fleet_tui.model.text import one_line
from fleet_tui.transport.nats_client import closed_on_failure, connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from nats.aio.client import Client
    from nats.js import JetStreamContext
    from nats.js.kv import KeyValue

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 5.0
DUPLICATE_SECONDS = 120.0
KEPT_ADVISORIES = 7 * 86_400.0
TESTED_WITH = (2, 9)
RECOMMENDED = (2, 11)

_NO_JETSTREAM = (nats.js.errors.NoStreamResponseError, nats.js.errors.ServiceUnavailableError)


class NatsLink:
    """An open connection, its streams and buckets. Reconnects by itself, for ever."""

    def __init__(self, url: str, queue: str, credentials: Path | None) -> None:
        self.url = url
        word = re.sub(r"[^A-Za-z0-9_-]", "-", queue)
        self.subject = f"fleet.{word}.task"
        self.stream = f"FLEET_{word}_QUEUE"
        self.dead_consumer = "looks-after"
        self.dead_stream = f"FLEET_{word}_DEAD"
        self._buckets = f"fleet-{word}"
        self._credentials = credentials
        self._client: Client | None = None
        self.js: JetStreamContext
        self.tasks: KeyValue
        self.texts: KeyValue
        self.results: KeyValue
        self.beats: KeyValue
        self.marks: KeyValue
        self.lacking: frozenset[str] = frozenset()
        """Buckets that were not there when the queue was found to be looked at."""

    @property
    def client(self) -> Client:
        """The connection; raises QueueError when it was never opened or is closed."""
        if self._client is None or self._client.is_closed:
            raise QueueError("the connection is closed", where=self.url)
        return self._client

    @property
    def weaknesses(self) -> tuple[str, ...]:
        """What this server's version lacks."""
        version = tuple(int(word) for word in re.findall(r"\d+", self.version)[:2])
        if version >= RECOMMENDED:
            return ()
        return (
            f"nats-server {self.version} acknowledges before it writes to disk: set"
            " `sync_interval: always` (from 2.10) so that a power failure loses nothing; 2.11 and"
            " later are recommended",
        )

    @property
    def version(self) -> str:
        """The server's."""
        version = self.client.connected_server_version
        return f"{version.major}.{version.minor}.{version.patch}"

    async def open(self, on_reconnect: Callable[[], None]) -> None:
        """Connect, and make or find what is kept there; raises QueueError."""

        await self._connect(on_reconnect)
        async with self.told("make the queue"), closed_on_failure(self.client):
            await self._make()

    async def find(self, on_reconnect: Callable[[], None]) -> None:
        """Connect, and find what is kept there; raises QueueMissing when nothing is.

        Heartbeats are kept in memory, and gone after the server was started anew; marks may lack
        where an older program made the queue.
        """
        await self._connect(on_reconnect)
        async with self.told("look at the queue"), closed_on_failure(self.client):
            try:
                await self.js.stream_info(self.stream)
                self.tasks = await self.js.key_value(self._bucket_name("tasks"))
                self.texts = await self.js.key_value(self._bucket_name("texts"))
                self.results = await self.js.key_value(self._bucket_name("results"))
            except nats.js.errors.NotFoundError:
                raise QueueMissing(self.url, "correct `url` and `name` in [queue]") from None
            marks, beats = await self._found("marks"), await self._found("beats")
            both = (("marks", marks), ("beats", beats))
            self.lacking = frozenset(kind for kind, bucket in both if bucket is None)
            if marks is not None:
                self.marks = marks
            if beats is not None:
                self.beats = beats

    async def _connect(self, on_reconnect: Callable[[], None]) -> None:
        """Connect, unless that was done before."""

        async def reconnected() -> None:
            on_reconnect()

        if self._client is not None and not self._client.is_closed:
            return
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                self._client = await connect(
                    self.url, "fleet-tui queue", self._credentials, reconnected
                )
        except (OSError, ValueError, TimeoutError, nats.errors.Error) as error:
            raise QueueError(
                f"no NATS server answers: {one_line(str(error)) or 'no answer'}",
                where=self.url,
                mend="start it (`nats-server -js`), or correct `url` and `login` in [queue]",
            ) from error
        self.js = self._client.jetstream(timeout=ANSWER_SECONDS)

    async def close(self) -> None:
        """Close the connection."""
        if self._client is not None and not self._client.is_closed:
            await self._client.close()

    def consumer(self, key: str) -> str:
        """Return the name of the consumer that holds one task's lease."""
        return f"lease-{key}"

    @asynccontextmanager
    async def told(self, doing: str) -> AsyncIterator[None]:
        """Raise failures of the server as QueueError."""
        try:
            yield
        except (OSError, TimeoutError, nats.errors.Error) as error:
            what = one_line(str(error)) or type(error).__name__
            no_js = isinstance(error, _NO_JETSTREAM)
            mend = (
                "is JetStream on? (`nats-server -js`); it is tried again"
                if no_js
                else "nothing was lost; it is tried again when the server is back"
            )
            raise QueueError(f"cannot {doing}: {what}", where=self.url, mend=mend) from error

    async def _make(self) -> None:
        await self._stream(
            api.StreamConfig(
                name=self.stream,
                subjects=[f"{self.subject}.>"],
                retention=api.RetentionPolicy.WORK_QUEUE,
                storage=api.StorageType.FILE,
                discard=api.DiscardPolicy.NEW,
                duplicate_window=DUPLICATE_SECONDS,
            )
        )
        advisory = f"$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.{self.stream}.>"
        await self._stream(
            api.StreamConfig(
                name=self.dead_stream,
                subjects=[advisory],
                storage=api.StorageType.FILE,
                max_age=KEPT_ADVISORIES,
            )
        )
        await self.js.add_consumer(
            self.dead_stream,
            api.ConsumerConfig(
                durable_name=self.dead_consumer, ack_policy=api.AckPolicy.EXPLICIT, ack_wait=30.0
            ),
        )
        self.tasks = await self._bucket("tasks")
        self.texts = await self._bucket("texts")
        self.results = await self._bucket("results")
        self.marks = await self._bucket("marks")
        self.beats = await self._bucket("beats", in_memory=True)
        self.lacking = frozenset()

    async def _stream(self, config: api.StreamConfig) -> None:
        assert config.name is not None
        try:
            await self.js.stream_info(config.name)
        except nats.js.errors.NotFoundError:
            await self.js.add_stream(config)

    async def _found(self, kind: str) -> KeyValue | None:
        try:
            return await self.js.key_value(self._bucket_name(kind))
        except nats.js.errors.NotFoundError:
            return None

    async def _bucket(self, kind: str, *, in_memory: bool = False) -> KeyValue:
        found = await self._found(kind)
        if found is not None:
            return found
        name = self._bucket_name(kind)
        storage = api.StorageType.MEMORY if in_memory else api.StorageType.FILE
        return await self.js.create_key_value(
            api.KeyValueConfig(bucket=name, storage=storage, max_value_size=2 * MAX_TASK_BYTES)
        )

    def _bucket_name(self, kind: str) -> str:
        return f"{self._buckets}-{kind}"
