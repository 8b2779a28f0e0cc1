"""How we stand with one host: its connection, who waits for it, when to try again."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from fleet_tui.model.errors import Unreachable
from fleet_tui.model.host import LinkStatus
from fleet_tui.transport.backoff import Backoff

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from fleet_tui.model.clock import Clock
    from fleet_tui.model.errors import ConnectFault
    from fleet_tui.model.host import Host, LinkState
    from fleet_tui.transport.base import Connection

RETRY_FIRST = 1.0
RETRY_LONGEST = 60.0
"""Seconds between attempts at a host that is to be kept connected."""


class Link:
    """One connection a host, opened once however many ask for it, and reopened when kept."""

    __slots__ = (
        "_backoff",
        "_clock",
        "_keeper",
        "_nudge",
        "_on_status",
        "_opener",
        "_opening",
        "_status",
        "connection",
        "heard_at",
        "host",
    )

    def __init__(
        self,
        host: Host,
        clock: Clock,
        opener: Callable[[Link], Coroutine[Any, Any, Connection]],
        on_status: Callable[[LinkStatus], None],
    ) -> None:
        self.host = host
        self.connection: Connection | None = None
        self.heard_at: Callable[[], float | None] = lambda: None
        """Returns when the host was last heard, in monotonic seconds."""
        self._clock = clock
        self._opener = opener
        self._on_status = on_status
        self._opening: asyncio.Task[Connection] | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._backoff = Backoff(RETRY_FIRST, RETRY_LONGEST)
        self._nudge: asyncio.Event | None = None
        self._status = LinkStatus(host.name, "unknown", clock.time())

    @property
    def status(self) -> LinkStatus:
        """The state, with the newest proof of it."""
        proven_at = self._proven_at()
        if proven_at == self._status.proven_at:
            return self._status
        self._status = _with(self._status, proven_at=proven_at)
        return self._status

    @property
    def warm(self) -> Connection | None:
        """The open connection, if there is one."""
        connection = self.connection
        return connection if connection is not None and connection.is_open else None

    async def connect(self) -> Connection:
        """Return the open connection, or open one; raises Unreachable."""
        if self.connection is not None and self.connection.is_open:
            return self.connection
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(_retrieve)
        return await asyncio.shield(self._opening)

    async def reconnect(self) -> Connection:
        """As `connect`, with the back-off forgotten."""
        self._backoff.reset()
        self._wake()
        return await self.connect()

    def keep(self) -> None:
        """Stay connected from now on: reconnect after each loss, with growing delays."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())

    def release(self) -> None:
        """Do not reconnect any more; what is open stays open."""
        if self._keeper is not None:
            self._keeper.cancel()
            self._keeper = None

    def was_lost(self, reason: str) -> None:
        """Take note that the connection is gone."""
        self.connection = None
        self._wake()
        self.set_state("down", fault="lost", reason=reason)

    def answered(self, latency: float) -> None:
        """Take note of an answer and how long it took, in seconds."""
        if self._status.state == "up":
            self._publish(_with(self.status, latency_seconds=latency))

    def set_state(
        self,
        state: LinkState,
        *,
        fault: ConnectFault | None = None,
        reason: str = "",
        mend: str = "",
        server: str = "",
    ) -> None:
        """Change the state and tell of it."""
        now = self._clock.time()
        since = self._status.since if self._status.state == state else now
        up = state == "up"
        self._publish(
            LinkStatus(
                self.host.name,
                state,
                since,
                now if up else self._proven_at(),
                fault,
                reason,
                mend,
                self._status.latency_seconds if up else None,
                server or self._status.server,
            )
        )

    async def stop(self) -> None:
        """Close the connection and end every attempt."""
        tasks = [task for task in (self._keeper, self._opening) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.connection is not None:
            self.connection.close()

    async def _open(self) -> Connection:
        self.set_state("connecting")
        try:
            connection = await self._opener(self)
        except Unreachable as error:
            self.set_state("down", fault=error.fault, reason=error.what, mend=error.mend or "")
            raise
        except asyncio.CancelledError:
            self.set_state("down")
            raise
        finally:
            self._opening = None
        self.connection = connection
        self._backoff.reset()
        return connection

    def _wake(self) -> None:
        if self._nudge is not None:
            self._nudge.set()

    async def _keep(self) -> None:
        nudge = self._nudge = asyncio.Event()
        while True:
            nudge.clear()
            try:
                await self.connect()
            except Unreachable as error:
                delay = self._backoff.next() if error.may_retry else None
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(delay):
                        await nudge.wait()
                continue
            while self.connection is not None and self.connection.is_open:
                await nudge.wait()
                nudge.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._backoff.next()):
                    await nudge.wait()

    def _publish(self, status: LinkStatus) -> None:
        self._status = status
        self._on_status(status)

    def _proven_at(self) -> float | None:
        heard_at = self.heard_at()
        if heard_at is None:
            return self._status.proven_at
        return self._clock.time() - (self._clock.monotonic() - heard_at)


def _retrieve(task: asyncio.Task[Connection]) -> None:
    """Mark the outcome as seen: whoever asked may have gone away meanwhile."""
    if not task.cancelled():
        task.exception()


def _with(
    status: LinkStatus,
    *,
    proven_at: float | None = None,
    latency_seconds: float | None = None,
) -> LinkStatus:
    return LinkStatus(
        status.host,
        status.state,
        status.since,
        proven_at if proven_at is not None else status.proven_at,
        status.fault,
        status.reason,
        status.mend,
        latency_seconds if latency_seconds is not None else status.latency_seconds,
        status.server,
    )
