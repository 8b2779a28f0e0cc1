"""A wrapper that waits on the host for its orders, so that the next run starts at once.

What a launch costs is mostly processes being made: sshd's own, a login shell, a session, two
FIFO readers. A spare has all of them already. It holds one session of the connection and some
idle shells on the host; it ends by itself when the connection does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.transport import durable_script

if TYPE_CHECKING:
    from fleet_tui.transport.base import Connection, Process, ProcessSink

KEEP_SECONDS = 60.0
"""How long a spare waits for orders by default."""


class Spare:
    """A waiting wrapper and the channel to it. A sink itself until it is handed over."""

    def __init__(self, connection: Connection, keep_seconds: float) -> None:
        self.connection = connection
        self.channel: Process | None = None
        self._keep_seconds = keep_seconds
        self._heir: ProcessSink | None = None
        self._noise: list[tuple[bool, bytes]] = []
        self._end: asyncio.Task[None] | None = None
        self._goodbye: asyncio.TimerHandle | None = None

    @property
    def is_ready(self) -> bool:
        """True while it waits for orders."""
        return self._heir is None and self._end is not None and not self._end.done()

    async def open(self) -> None:
        """Start it; raises Unreachable."""
        line = durable_script.spare_line(shell=durable_script.SHELL)
        self.channel = await self.connection.start(line, self, stdin="open")
        self._end = asyncio.create_task(self._watch(self.channel))
        self._goodbye = asyncio.get_running_loop().call_later(self._keep_seconds, self.close)

    def hand_over(self, heir: ProcessSink) -> Process:
        """Let `heir` have what comes from now on, and what came before; returns the channel."""
        assert self.channel is not None
        self._heir = heir
        if self._goodbye is not None:
            self._goodbye.cancel()
        for is_error, data in self._noise:
            self._pass_on(data, is_error)
        self._noise.clear()
        return self.channel

    def close(self) -> None:
        """Send it home; it cleans up after itself."""
        if self._goodbye is not None:
            self._goodbye.cancel()
        if self.channel is not None and self._heir is None:
            self.channel.close_stdin()

    async def wait_closed(self) -> None:
        """Return when its channel is free again."""
        if self._end is not None:
            await asyncio.wait({self._end})

    def stdout_received(self, data: bytes) -> None:
        """Take what the login shell or the follower says."""
        self._pass_on(data, is_error=False)

    def stderr_received(self, data: bytes) -> None:
        """Take what the login shell or the follower says."""
        self._pass_on(data, is_error=True)

    def _pass_on(self, data: bytes, is_error: bool) -> None:
        if self._heir is None:
            self._noise.append((is_error, data))
        elif is_error:
            self._heir.stderr_received(data)
        else:
            self._heir.stdout_received(data)

    async def _watch(self, channel: Process) -> None:
        await channel.wait()
        if _waiting.get(id(self.connection)) is self:
            del _waiting[id(self.connection)]


_waiting: dict[int, Spare] = {}
"""By identity of the connection, which the spare holds: an id is not reused while it is here."""


async def prepare(connection: Connection, *, keep_seconds: float = KEEP_SECONDS) -> Spare:
    """Make the next launch on `connection` quick; returns the spare that waits for it.

    One waits at a time: with one ready this does nothing. Raises Unreachable.
    """
    known = _waiting.get(id(connection))
    if known is not None:
        if known.is_ready:
            return known
        del _waiting[id(connection)]
    spare = Spare(connection, keep_seconds)
    await spare.open()
    other = _waiting.setdefault(id(connection), spare)
    if other is not spare:
        spare.close()
    return other


def take(connection: Connection) -> Spare | None:
    """Return the spare that waits on `connection`, which is then the caller's; None without."""
    spare = _waiting.pop(id(connection), None)
    return spare if spare is not None and spare.is_ready else None
