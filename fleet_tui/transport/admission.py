"""How many logins may be under way at once: in the fleet, at one server, through one bastion."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fleet_tui.model.errors import Unreachable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Hashable


class Limiter:
    """Admits up to `limit` holders, first come first served; the limit follows the server's mood.

    It halves with each refusal and grows by one with each success (AIMD), up to where it began.
    """

    def __init__(self, limit: int) -> None:
        self._ceiling = limit
        self.limit = limit
        self.holders = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Hold one place."""
        await self._enter()
        try:
            yield
        finally:
            self.holders -= 1
            self._admit()

    def refused(self) -> None:
        """The server turned a login away: fewer at once from now on."""
        self.limit = max(1, min(self.limit, max(self.holders, 1)) // 2)

    def succeeded(self) -> None:
        """A login went through: one more may try."""
        if self.limit < self._ceiling:
            self.limit += 1
            self._admit()

    async def _enter(self) -> None:
        if self.holders < self.limit and not self._queue:
            self.holders += 1
            return
        place = asyncio.get_running_loop().create_future()
        self._queue.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.holders -= 1
                self._admit()
            else:
                self._queue.remove(place)
            raise

    def _admit(self) -> None:
        while self._queue and self.holders < self.limit:
            place = self._queue.popleft()
            if not place.done():
                self.holders += 1
                place.set_result(None)


class Trials:
    """One login tries a credential at a server before all others that would use the same.

    A server that is shown a wrong key many times punishes the address it came from (OpenSSH's
    PerSourcePenalties, fail2ban). So when the trial is refused, those that waited for it are
    refused with it, and the server never hears of them.
    """

    def __init__(self) -> None:
        self._proven: set[Hashable] = set()
        self._running: dict[Hashable, asyncio.Future[Unreachable | None]] = {}

    async def admit(self, key: Hashable, login: Callable[[], Awaitable[None]]) -> None:
        """Run `login`, behind the trial of `key` if one is under way; raises Unreachable."""
        while key not in self._proven:
            running = self._running.get(key)
            if running is None:
                await self._try(key, login)
                return
            refusal = await asyncio.shield(running)
            if refusal is not None:
                raise refusal
        await login()

    async def _try(self, key: Hashable, login: Callable[[], Awaitable[None]]) -> None:
        verdict: asyncio.Future[Unreachable | None] = asyncio.get_running_loop().create_future()
        self._running[key] = verdict
        refusal: Unreachable | None = None
        try:
            await login()
            self._proven.add(key)
        except Unreachable as error:
            if error.fault == "auth":
                refusal = error
            raise
        finally:
            del self._running[key]
            verdict.set_result(refusal)

    def doubt(self, key: Hashable) -> None:
        """Forget that `key` worked: it was refused since."""
        self._proven.discard(key)
