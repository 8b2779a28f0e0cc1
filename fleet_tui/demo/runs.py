"""Runs that a demo host keeps, whether or not anybody is connected to it."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from fleet_tui.demo.inbox import Inbox
from fleet_tui.demo.streams import SIGNAL_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fleet_tui.demo.streams import Streams
    from fleet_tui.transport.durable_lines import LaunchOrder

OUTPUT_LIMIT = 64 << 20
"""Bytes of one stream of a run that a host stores; the rest is lost, as on a full disk."""
_CUT = 1
"""Exit status of what copies a run's output, when it could not store it."""
_SIGNALLED = frozenset({130, 141})
"""Statuses that a POSIX shell cannot tell from a signal."""


class HostRun:
    """One run: its output so far, its input, how it ended. Also the `Streams` of its shell."""

    def __init__(self, order: LaunchOrder, stdin: bytes) -> None:
        self.order = order
        self.out = bytearray()
        self.err = bytearray()
        self.fed = 0
        """Bytes put into its open input."""
        self.fate = "running"
        """As the host's programs print it: `running`, or `exit CODE TOLD OUT ERR`."""
        self.began_at = time.time()
        self.ended_at: float | None = None
        self.inbox = Inbox()
        self.inbox.feed(stdin)
        if order.stdin != "open":
            self.inbox.end()
        self._copies = [0, 0]
        self.change = asyncio.Event()
        """Set when there is more output or it has ended; another one takes its place then."""
        self.over = asyncio.Event()
        """Set once it has a status."""
        self._handler: Callable[[str], bool] | None = None
        self._killed_by: str | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def is_over(self) -> bool:
        """True once it has a status."""
        return self.ended_at is not None

    def start(self, play: Callable[[Streams], Awaitable[int]]) -> None:
        """Begin; `play` returns the exit status."""
        self._task = asyncio.create_task(self._run(play))

    def signal(self, name: str) -> None:
        """Signal its process group; nothing survives KILL."""
        if self.is_over or self._task is None:
            return
        if name != "KILL" and self._handler is not None and self._handler(name):
            return
        self._killed_by = name
        self._task.cancel()
        if name == "KILL":
            self._end(128 + SIGNAL_NUMBERS[name], is_told=True)

    async def read(self) -> bytes:
        """Return standard input up to its end."""
        return await self.inbox.read()

    async def read_line(self) -> bytes:
        """Return the next line of standard input, empty at its end."""
        return await self.inbox.read_line()

    async def write(self, data: bytes) -> None:
        """Store standard output."""
        await self._store(self.out, 0, data)

    async def write_error(self, data: bytes) -> None:
        """Store standard error."""
        await self._store(self.err, 1, data)

    def catch_signals(self, handler: Callable[[str], bool] | None) -> None:
        """Offer signals to `handler` first."""
        self._handler = handler

    async def _store(self, file: bytearray, stream: int, data: bytes) -> None:
        room = max(0, OUTPUT_LIMIT - len(file))
        if len(data) > room:
            self._copies[stream] = _CUT
        if not self.is_over:
            file += data[:room]
            self._pulse()
        await asyncio.sleep(0)

    async def _run(self, play: Callable[[Streams], Awaitable[int]]) -> None:
        try:
            status = await play(self)
        except asyncio.CancelledError:
            if self._killed_by is None:
                raise
            self._end(128 + SIGNAL_NUMBERS[self._killed_by], is_told=True)
        else:
            self._end(status, is_told=status in _SIGNALLED)

    def _end(self, status: int, *, is_told: bool) -> None:
        if not self.is_over:
            out, err = self._copies
            self.fate = f"exit {status} {int(is_told)} {out} {err}"
            self.ended_at = time.time()
            self.over.set()
            self._pulse()

    def _pulse(self) -> None:
        waiting, self.change = self.change, asyncio.Event()
        waiting.set()


class RunKeeper:
    """All runs of one host, by id, and the newest epoch it has seen."""

    def __init__(self) -> None:
        self.runs: dict[str, HostRun] = {}
        self.epoch = 0

    def look(self, run: str) -> str:
        """Return the fate of a run as the host's programs print it."""
        found = self.runs.get(run)
        return "unknown" if found is None else found.fate

    def remove(self, run: str) -> bool:
        """Forget a run unless it goes on; True when it is not there any more."""
        if self.look(run) == "running":
            return False
        self.runs.pop(run, None)
        return True
