"""What is done so that a route that has died is found out: tests on a schedule, and a dead man.

The dead man is a delayed message that is pushed forward while all is well. It comes when nobody
pushes it any more. Only ntfy has that, and only servers that know sequence ids (2.16 and newer):
an older one would keep every copy, so the first answer is looked at before a second is sent.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError
from fleet_tui.notify import compose
from fleet_tui.notify.message import Request
from fleet_tui.notify.services import ntfy
from fleet_tui.notify.services.common import body_json

if TYPE_CHECKING:
    from fleet_tui.context import FleetContext
    from fleet_tui.notify.desk import NoticeDesk
    from fleet_tui.notify.message import Response
    from fleet_tui.notify.settings import Route

LOOK_SECONDS = 60.0
TESTED = "tested"
DEAD_MAN_FAILED = "dead-man-failed"


class Upkeep:
    """Proves routes and pushes dead men forward while it runs."""

    def __init__(self, context: FleetContext, desk: NoticeDesk) -> None:
        self._context = context
        self._desk = desk
        self._task: asyncio.Task[None] | None = None
        self._pushed: dict[str, float] = {}
        self._given_up: set[str] = set()
        """Routes whose server cannot push a message forward; told once."""

    def start(self) -> None:
        """Begin, if a route asks for it."""
        routes = self._desk.routes.values()
        if self._task is None and any(route.test_every or route.dead_man for route in routes):
            self._task = asyncio.create_task(self._work())

    async def close(self) -> None:
        """End; a dead man that was sent comes when its time has passed."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> None:
        """Do what is due now."""
        for route in self._desk.routes.values():
            if route.test_every is not None:
                await self._test(route, route.test_every)
            if route.dead_man is not None and route.name not in self._given_up:
                await self._push(route, route.dead_man)

    async def _work(self) -> None:
        while True:
            try:
                await self.look()
            except FleetError as error:
                self._context.notice("upkeep", "error", "upkeep-failed", "fleet", str(error))
            await asyncio.sleep(LOOK_SECONDS)

    async def _test(self, route: Route, every: float) -> None:
        """Send a test message when the last is old enough; a failure is told on other routes."""
        note, now = f"{TESTED}/{route.name}", self._desk.now()
        outbox = self._desk.outbox
        last = await asyncio.to_thread(outbox.note, note)
        if last is not None and now - float(last) < every:
            return
        await asyncio.to_thread(outbox.remember, note, str(now))
        if last is None:
            return  # the first is due after one span, not at every first start
        answer = await self._desk.test(route.name)
        if answer.state != "accepted":
            await self._desk.route_failed(route, f"its scheduled test: {answer.text}")

    async def _push(self, route: Route, silence: float) -> None:
        """Push the dead man forward, thrice within the span that it waits."""
        now = self._context.clock.monotonic()
        if now - self._pushed.get(route.name, -silence) < silence / 3:
            return
        keys = await self._desk.carrier.keys.of(route)
        fleet = self._context.config.name
        request = dead_man(keys.url, keys.token, fleet, self._desk.fleet_id, silence)
        try:
            response = await self._desk.carrier.ask(request)
        except OSError:
            return  # tried again at the next look
        why = why_not(response)
        if why:
            self._given_up.add(route.name)
            await self._desk.tell(
                self._desk.own(
                    f"{DEAD_MAN_FAILED}-{route.name}", "warning", DEAD_MAN_FAILED, why, route.name
                )
            )
            return
        self._pushed[route.name] = now


def dead_man(url: str, token: str, fleet: str, fleet_id: str, silence: float) -> Request:
    """Return the request that puts the dead man off once more; raises FleetError."""
    server, topic = ntfy.place(url)
    minutes = max(1, round(silence / 60))
    body = {
        "topic": topic,
        "title": compose.title_of(fleet, "fleet", "dead-man"),
        "message": f"Nothing was heard of this fleet for {minutes} minutes.",
        "priority": 5,
        "tags": ["rotating_light", "dead-man", f"{ntfy.ORIGIN_TAG}{fleet_id}"],
        "delay": f"{int(silence)}s",
        "sequence_id": f"dead-man-{fleet_id}",
    }
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    return Request("POST", server, json.dumps(body).encode(), headers)


def why_not(response: Response) -> str:
    """Return why a server cannot have a dead man; empty when it took it and can replace it."""
    said = body_json(response)
    if response.status != 200:
        return f"the server took no dead-man message: {response.status} {said.get('error', '')}"
    if not said.get("sequence_id"):
        return "the server is older than ntfy 2.16 and cannot push a dead-man message forward"
    return ""
