"""Follows one ntfy topic: every message once, also those that came while nobody listened.

The id of the last message that was taken is on disk, and asked for with `since` after each loss. A
server that has forgotten that id sends all it has kept; who takes messages knows them by their id.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError
from fleet_tui.notify.incoming.publication import of_subscription
from fleet_tui.notify.services.ntfy import place

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from fleet_tui.notify.incoming.publication import Publication
    from fleet_tui.notify.outbox import Outbox

LINE_LIMIT = 64 << 10
"""Bytes of a line; a longer one is passed over."""
SILENCE_SECONDS = 120.0
"""A server says something every 45 seconds, if only that it is still there."""
CONNECT_SECONDS = 15.0
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 300.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a topic is, and what lets us in."""

    url: str
    token: str = ""


class Subscription:
    """One topic; `run` follows it until it is cancelled."""

    def __init__(
        self,
        name: str,
        where: Callable[[], Awaitable[Place]],
        take: Callable[[Publication], Awaitable[None]],
        outbox: Outbox,
        now: Callable[[], float],
        changed: Callable[[], None],
    ) -> None:
        self._note = f"follow/{name}"
        self._where = where
        self._take = take
        self._outbox = outbox
        self._now = now
        self._changed = changed
        self.is_open = False
        self.problem = ""
        """Why it cannot be followed now, empty while it is."""

    async def run(self) -> None:
        """Follow the topic, over every loss of contact."""
        if await asyncio.to_thread(self._outbox.note, self._note) is None:
            await asyncio.to_thread(self._outbox.remember, self._note, str(int(self._now())))
        pause = FIRST_PAUSE
        while True:
            try:
                await self._follow()
                self._say("the server closed the connection")
            except (FleetError, OSError) as error:
                if self.is_open:
                    pause = FIRST_PAUSE
                self._say(str(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _follow(self) -> None:
        """Read until the server ends it; raises FleetError, OSError."""
        import httpx

        where = await self._where()
        server, topic = place(where.url)
        since = await asyncio.to_thread(self._outbox.note, self._note) or "all"
        headers = {"user-agent": "fleet-tui"}
        if where.token:
            headers["authorization"] = f"Bearer {where.token}"
        timeout = httpx.Timeout(CONNECT_SECONDS, read=SILENCE_SECONDS)
        try:
            async with (
                httpx.AsyncClient(timeout=timeout, follow_redirects=False) as client,
                client.stream(
                    "GET", f"{server}{topic}/json", params={"since": since}, headers=headers
                ) as response,
            ):
                if response.status_code != 200:
                    raise FleetError(f"the server said {response.status_code}")
                self._say("")
                async for line in _lines(response.aiter_bytes()):
                    await self._read(line)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # Its text may hold the address, which is a secret.
            raise OSError(f"contact was lost ({type(error).__name__})") from None

    async def _read(self, line: bytes) -> None:
        try:
            found = json.loads(line)
            publication = of_subscription(found) if isinstance(found, dict) else None
        except (ValueError, RecursionError, FleetError):
            return  # one line that is no message: the next may be one
        if publication is not None:
            await self._take(publication)
            await asyncio.to_thread(self._outbox.remember, self._note, publication.id)

    def _say(self, problem: str) -> None:
        is_open = not problem
        if (is_open, problem) != (self.is_open, self.problem):
            self.is_open, self.problem = is_open, problem
            self._changed()


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield lines; one that is longer than LINE_LIMIT is left out."""
    rest, is_too_long = b"", False
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if not is_too_long and line.strip() and len(line) <= LINE_LIMIT:
                yield line
            is_too_long = False
        if len(rest) > LINE_LIMIT:
            rest, is_too_long = b"", True
