"""Sends what the outbox holds: one worker a route, and one that asks for receipts."""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from typing import TYPE_CHECKING

from fleet_tui.journal import LogEntry, is_alive
from fleet_tui.notify import compose, retry
from fleet_tui.notify.routing import Bucket
from fleet_tui.notify.services.pushover import POLL_SECONDS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from fleet_tui.context import FleetContext
    from fleet_tui.model.routes_view import DeliveryState
    from fleet_tui.notify.carrier import Carrier
    from fleet_tui.notify.message import Message, ServiceAnswer
    from fleet_tui.notify.outbox import Delivery, Outbox
    from fleet_tui.notify.settings import Route

LONGEST_SLEEP = 30.0
"""Seconds after which a route looks at its queue even when nothing woke it: another program may
have added to it, acknowledged, or died while it sent."""
RECEIPTS_EVERY = max(10.0, POLL_SECONDS)


class Sender:
    """Takes deliveries from the outbox to their services while it runs."""

    def __init__(
        self,
        context: FleetContext,
        outbox: Outbox,
        carrier: Carrier,
        routes: Mapping[str, Route],
        fleet_id: str,
        *,
        luck: Callable[[], float],
        with_buttons: Callable[[Route, Delivery, Message], Awaitable[Message]],
        changed: Callable[[], Awaitable[None]],
        failed: Callable[[Route, str], Awaitable[None]],
    ) -> None:
        """Make it; `with_buttons` adds answers to a question.

        `changed` is told of every answer of a service, `failed` of a route's first refusal.
        """
        self._context = context
        self._outbox = outbox
        self._carrier = carrier
        self._routes = routes
        self._fleet_id = fleet_id
        self._luck = luck
        self._with_buttons = with_buttons
        self._changed = changed
        self._failed = failed
        self._buckets = {name: Bucket(route.rate) for name, route in routes.items() if route.rate}
        self._wakes: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._workers: list[asyncio.Task[None]] = []
        self.failing: dict[str, str] = {}
        """Routes whose last delivery was refused for good, and what was said."""

    @property
    def is_running(self) -> bool:
        """True between `start` and `stop`."""
        return bool(self._workers)

    async def start(self) -> None:
        """Begin to send, one message at a time on each route; first what was left unanswered."""
        if self._workers:
            return
        await asyncio.to_thread(self._outbox.requeue_unanswered, self._now(), self._lives_elsewhere)
        for route in self._routes.values():
            self._workers.append(asyncio.create_task(self._work(route)))
        if any(route.kind == "pushover" for route in self._routes.values()):
            self._workers.append(asyncio.create_task(self._watch_receipts()))

    async def stop(self) -> None:
        """End the workers; what was not answered is sent again at the next start."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        self._workers.clear()

    def wake(self, routes: Iterable[str]) -> None:
        """Let these routes look at their queues now."""
        for route in routes:
            self._wakes[route].set()

    async def log(self, message: Message, route: Route) -> None:
        """Write to the audit log what is about to leave the machine; raises JournalError."""
        fields: dict[str, str | int | float | None] = {
            "id": message.id,
            "route": route.name,
            "event": message.event,
            "host": message.source,
            "by": self._context.by,
            "epoch": self._context.epoch(),
            "msg": message.text[:200],
        }
        await self._context.log.append([LogEntry("notice", fields)], durable=True)

    async def _work(self, route: Route) -> None:
        """Send what is due on one route, one message after the other, for ever."""
        wake = self._wakes[route.name]
        while True:
            wake.clear()
            now = self._context.clock.time()
            batch = await asyncio.to_thread(self._next, route.name, now)
            if not batch:
                if await asyncio.to_thread(self._outbox.requeue_unanswered, now, self._lives):
                    continue
                due = await asyncio.to_thread(self._outbox.next_due, route.name)
                pause = LONGEST_SLEEP if due is None else min(max(due - now, 0.0), LONGEST_SLEEP)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(pause, 0.01)):
                        await wake.wait()  # not wait_for: in 3.11 it may swallow a cancellation
                continue
            bucket = self._buckets.get(route.name)
            if bucket is not None and (pause := bucket.take(self._context.clock.monotonic())):
                await asyncio.sleep(pause)
                continue
            await self._send(route, batch)
            await self._changed()

    def _now(self) -> float:
        return self._context.clock.time()

    def _lives(self, owner: str) -> bool:
        """Tell whether the program that sends something still runs, this one included."""
        return owner == self._context.owner or self._lives_elsewhere(owner)

    def _lives_elsewhere(self, owner: str) -> bool:
        return owner != self._context.owner and is_alive(self._context.data_dir, owner)

    def _next(self, route: str, now: float) -> list[Delivery]:
        one = self._outbox.due(route, now)
        return [one] if one is not None else self._outbox.due_digest(route, now)

    async def _send(self, route: Route, batch: list[Delivery]) -> None:
        name, fleet = self._context.config.name, self._fleet_id
        message = (
            compose.digest_of(batch, name, fleet)
            if batch[0].is_digest
            else compose.message_for(batch[0], name, fleet)
        )
        if not batch[0].is_digest:
            message = await self._with_buttons(route, batch[0], message)
        now = self._context.clock.time()
        claimed = await asyncio.to_thread(
            self._outbox.claim, [one.id for one in batch], now, self._context.owner
        )
        if not claimed:
            return  # another program of this machine sends it
        await self.log(message, route)
        answer = await self._carrier.send(route, message)
        for delivery in batch:
            await self._note_answer(route, delivery, answer)

    async def _note_answer(self, route: Route, delivery: Delivery, answer: ServiceAnswer) -> None:
        now = self._context.clock.time()
        if answer.state == "accepted":
            self.failing.pop(route.name, None)
            await asyncio.to_thread(
                self._outbox.put,
                delivery.id,
                "accepted",
                now,
                answer=answer.text,
                told=delivery.notice.count,
                receipt=answer.receipt,
            )
            return
        attempts = delivery.attempts + 1
        pause = None
        if answer.state == "again":
            pause = retry.wait(attempts, answer.retry_after, self._luck())
        if pause is not None:
            await asyncio.to_thread(
                self._outbox.put, delivery.id, "queued", now, answer=answer.text, due=now + pause
            )
            return
        await asyncio.to_thread(self._outbox.put, delivery.id, "failed", now, answer=answer.text)
        if route.name not in self.failing:
            self.failing[route.name] = answer.text
            await self._failed(route, answer.text)

    async def ask_for_receipts(self) -> None:
        """Ask services that know it whether a person has seen an emergency, once."""
        for delivery in await asyncio.to_thread(self._outbox.waiting_receipts):
            route = self._routes.get(delivery.route)
            said = None if route is None else await self._carrier.seen(route, delivery.receipt)
            if said is None:
                continue
            is_seen, proof = said
            now = self._context.clock.time()
            state: DeliveryState = "seen" if is_seen else "failed"
            await asyncio.to_thread(
                self._outbox.put, delivery.id, state, now, answer=proof, receipt=""
            )
            if is_seen:
                who = f"{delivery.route}: {proof}"
                await asyncio.to_thread(self._outbox.acknowledge, [delivery.notice.id], who, now)
            await self._changed()

    async def _watch_receipts(self) -> None:
        while True:
            await self.ask_for_receipts()
            await asyncio.sleep(RECEIPTS_EVERY)
