"""Leases on a work-queue stream: one message a task, and one consumer for each that was claimed.

A consumer gives its message to one worker at a time, and to the next when `ack_wait` has passed
without a sign of life. It does not refuse a late acknowledgement: what decides is the record.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nats.errors
from nats.js import errors as js_errors

from fleet_tui.queue.nats_records import key_of, name_of

if TYPE_CHECKING:
    from fleet_tui.queue.nats_link import NatsLink
    from fleet_tui.queue.nats_records import Record
    from fleet_tui.queue.store import Rules

_NEXT = json.dumps({"batch": 1, "no_wait": True}).encode()
_ACK, _PROGRESS, _NAK = b"+ACK", b"+WPI", b"-NAK"
_ANSWER = 5.0
_NEXT_SECONDS = 2.0
_MANY = 64
_STORE_FAILED = 10012
"""`consumer store failed`, of the server's errors.json."""


@dataclass(frozen=True, slots=True)
class Exhausted:
    """A message that was delivered too often, as the server's advisory tells."""

    name: str
    sequence: int
    deliveries: int


class Leases:
    """Takes, keeps and ends leases by the names of tasks."""

    def __init__(self, link: NatsLink, rules: Rules) -> None:
        self._link = link
        self._rules = rules

    @property
    def most_deliveries(self) -> int:
        """How often a message is delivered; hand-backs and looks after the silent count, too."""
        return 10 * self._rules.max_attempts + 10

    async def put(self, record: Record) -> None:
        """Put the task's message on the work queue; the same one is put only once."""
        await self._link.js.publish(
            f"{self._link.subject}.{key_of(record.name)}",
            record.name.encode(),
            stream=self._link.stream,
            headers={"Nats-Msg-Id": f"{key_of(record.name)}.{record.ticket}"},
        )

    async def take(self, name: str) -> str | None:
        """Take the lease; returns where to acknowledge it, None while somebody else has it."""
        await self._make(name)
        taken = await self._next(self._link.stream, self._link.consumer(key_of(name)))
        return taken[0] if taken else None

    async def keep(self, reply: str) -> None:
        """Show life."""
        await self._link.client.publish(reply, _PROGRESS)

    async def give_back(self, reply: str, delay: float = 0.0) -> None:
        """Let the next one have it, after `delay` seconds."""
        more = b" " + json.dumps({"delay": int(delay * 1e9)}).encode() if delay > 0 else b""
        await self._link.client.publish(reply, _NAK + more)
        await self._link.client.flush(5)

    async def end(self, name: str, reply: str | None) -> None:
        """Remove the task's message and its consumer."""
        if reply is not None:
            # Without the consumer nobody answers: who has ended the task meanwhile removed it.
            with contextlib.suppress(nats.errors.NoRespondersError):
                await self._link.client.request(reply, _ACK, timeout=_ANSWER)
        else:
            await self.purge(name)
        await self.drop_consumer(name)

    async def purge(self, name: str) -> None:
        """Remove the task's messages, whoever holds them."""
        subject = f"{self._link.subject}.{key_of(name)}"
        await self._link.js.purge_stream(self._link.stream, subject=subject)

    async def drop_consumer(self, name: str) -> None:
        """Remove the consumer, if there is one."""
        try:
            consumer = self._link.consumer(key_of(name))
            await self._link.js.delete_consumer(self._link.stream, consumer)
        except js_errors.NotFoundError:
            return

    async def names(self) -> set[str]:
        """Return the names of all tasks that have a message."""
        everything = f"{self._link.subject}.>"
        info = await self._link.js.stream_info(self._link.stream, subjects_filter=everything)
        start = len(self._link.subject) + 1
        return {name_of(subject[start:]) for subject in info.state.subjects or {}}

    async def exhausted(self) -> list[tuple[Exhausted, str]]:
        """Return advisories about messages that are not delivered any more, and their replies."""
        found = []
        for _ in range(_MANY):
            taken = await self._next(self._link.dead_stream, self._link.dead_consumer)
            if taken is None:
                break
            reply, data = taken
            said: dict[str, Any] = json.loads(data)
            name = name_of(str(said.get("consumer", "")).removeprefix("lease-"))
            one = Exhausted(name, int(said["stream_seq"]), int(said["deliveries"]))
            found.append((one, reply))
        return found

    async def heard(self, reply: str) -> None:
        """Acknowledge an advisory."""
        await self._link.client.request(reply, _ACK, timeout=_ANSWER)

    async def _make(self, name: str) -> None:
        """Make the consumer, or find it: a question to one that is not there gets no answer.

        Asked without the library, which cannot read the empty answer that a server gives while the
        consumer is being removed by somebody else.
        """
        stream, consumer = self._link.stream, self._link.consumer(key_of(name))
        config = {
            "durable_name": consumer,
            "ack_policy": "explicit",
            "deliver_policy": "all",
            "replay_policy": "instant",
            "ack_wait": int(self._rules.lease * 1e9),
            "max_deliver": self.most_deliveries,
            "filter_subject": f"{self._link.subject}.{key_of(name)}",
        }
        asked = json.dumps({"stream_name": stream, "config": config}).encode()
        subject = f"$JS.API.CONSUMER.DURABLE.CREATE.{stream}.{consumer}"
        for is_last in (False, True):
            answer = await self._link.client.request(subject, asked, timeout=_ANSWER)
            error = json.loads(answer.data).get("error")
            if not error:
                return
            # The server stumbles over a consumer of this name that is just being removed.
            if is_last or error.get("err_code") != _STORE_FAILED:
                raise js_errors.APIError.from_error(error)

    async def _next(self, stream: str, consumer: str) -> tuple[str, bytes] | None:
        # The answer comes under the message's own subject, so it needs an inbox of its own.
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        client = self._link.client
        try:
            message = await client.request(subject, _NEXT, timeout=_NEXT_SECONDS, old_style=True)
        except nats.errors.TimeoutError:
            # The server is silent about a message that it will not deliver any more.
            if client.is_connected:
                return None
            raise
        if not message.reply:
            return None  # a status: there is no message for us
        return message.reply, message.data
