"""Looks after what silent workers, crashes and exhausted deliveries left on a NATS server."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

import nats.errors
from nats.js import errors as js_errors

from fleet_tui.model.task import LeaseLost, Reaped
from fleet_tui.model.task import Owner as TaskOwner

if TYPE_CHECKING:
    from fleet_tui.model.clock import Clock
    from fleet_tui.queue.nats_claims import Claims
    from fleet_tui.queue.nats_leases import Leases
    from fleet_tui.queue.nats_link import NatsLink
    from fleet_tui.queue.nats_view import Known, View
    from fleet_tui.queue.store import Rules


class Sweep:
    """Returns tasks of silent owners, and makes records and messages agree."""

    def __init__(
        self,
        link: NatsLink,
        view: View,
        leases: Leases,
        claims: Claims,
        rules: Rules,
        clock: Clock,
    ) -> None:
        self._link = link
        self._view = view
        self._leases = leases
        self._claims = claims
        self._rules = rules
        self._clock = clock
        self._swept_at: float | None = None
        self._lacking: dict[str, int] = {}
        self._surplus: set[str] = set()

    async def reap(self) -> list[Reaped]:
        """Take a look; most of the work is done once in half a lease."""
        reaped = await self._silent()
        reaped += await self._exhausted()
        now = self._clock.monotonic()
        if self._swept_at is None or now - self._swept_at >= self._rules.lease / 2:
            self._swept_at = now
            reaped += await self._agree()
        return reaped

    async def _silent(self) -> list[Reaped]:
        """Whose message is given to us has lost its owner."""
        reaped = []
        for known in list((await self._view.all()).values()):
            if known.record.state != "running":
                continue
            name = known.record.name
            reply = await self._leases.take(name)
            if reply is None:
                continue
            fresh = await self._view.get(name)
            if fresh is None or not fresh.record.is_open:
                await self._leases.end(name, reply)
            elif fresh.record.state != "running":
                await self._leases.give_back(reply)
            else:
                with contextlib.suppress(LeaseLost):
                    why = f"silent for {self._rules.lease:.0f} s"
                    reaped.append(await self._claims.hand_back(fresh, reply, why))
        return reaped

    async def _exhausted(self) -> list[Reaped]:
        """End tasks whose message the server will not deliver any more."""
        reaped = []
        for one, reply in await self._leases.exhausted():
            known = await self._view.get(one.name)
            if known is not None and known.record.is_open:
                record = known.record
                reason = f"delivered {one.deliveries} times without an end"
                try:
                    await self._claims.give_up(known, reason, None)
                except LeaseLost:
                    continue  # it changed just now: the advisory is looked at again
                owner = TaskOwner(record.host, record.fence)
                reaped.append(Reaped(one.name, "dead", owner, record.attempt, reason))
            with contextlib.suppress(js_errors.NotFoundError, js_errors.APIError):
                await self._link.js.delete_msg(self._link.stream, one.sequence)
            await self._leases.heard(reply)
        return reaped

    async def _agree(self) -> list[Reaped]:
        """Give open tasks a message that have none, and remove messages of ended tasks.

        What is seen once may be on its way; it is mended when it is seen again.
        """
        names = await self._leases.names()
        known = await self._view.all()
        lacking = {
            name: one.revision
            for name, one in known.items()
            if one.record.is_open and name not in names
        }
        surplus = {name for name in names if name not in known or not known[name].record.is_open}
        reaped = []
        for name, revision in lacking.items():
            if self._lacking.get(name) == revision:
                reaped += await self._give_message(known[name])
        for name in surplus & self._surplus:
            fresh = await self._view.get(name)
            if fresh is None or not fresh.record.is_open:
                with contextlib.suppress(nats.errors.Error):
                    await self._leases.end(name, None)
        self._lacking, self._surplus = lacking, surplus
        return reaped

    async def _give_message(self, known: Known) -> list[Reaped]:
        record = replace(known.record, ticket=known.record.ticket + 1)
        was_running = record.state == "running"
        if was_running:
            record = replace(record, state="pending", tries=record.attempt)
        swapped = await self._view.swap(record, known.revision)
        if swapped is None:
            return []
        await self._leases.put(record)
        if not was_running:
            return []
        owner = TaskOwner(record.host, record.fence)
        why = "its message was lost"
        return [Reaped(record.name, "returned", owner, record.attempt, why)]
