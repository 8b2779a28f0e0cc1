"""Running a short command to its end, with its output kept up to a limit."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Literal, Protocol

from fleet_tui.transport.base import Completed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fleet_tui.transport.base import Process, ProcessSink, SignalName

TERM_GRACE = 2.0
"""Seconds between TERM and KILL for a command that took too long."""
KILL_GRACE = 1.0
"""Seconds to wait for the end after KILL before the process is given up."""


class Starter(Protocol):
    """Whatever can start a process; every Connection can."""

    async def start(
        self, line: str, sink: ProcessSink, *, stdin: bytes | Literal["open"] | None = None
    ) -> Process:
        """Start `line`."""


class Capture:
    """A sink that keeps the first `limit` bytes of each stream and drops the rest."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._out = bytearray()
        self._err = bytearray()

    def stdout_received(self, data: bytes) -> None:
        """Keep what still fits."""
        if (room := self._limit - len(self._out)) > 0:
            self._out += data[:room]

    def stderr_received(self, data: bytes) -> None:
        """Keep what still fits."""
        if (room := self._limit - len(self._err)) > 0:
            self._err += data[:room]

    @property
    def stdout(self) -> bytes:
        """What was kept of standard output."""
        return bytes(self._out)

    @property
    def stderr(self) -> bytes:
        """What was kept of standard error."""
        return bytes(self._err)


async def run_to_end(
    starter: Starter,
    line: str,
    *,
    stdin: bytes | None,
    timeout: float,
    sink: Capture,
    stop: Callable[[Process], Awaitable[None]],
) -> Completed:
    """Run `line`; raises TimeoutError once it is stopped, and stops it too when cancelled."""
    process: Process | None = None
    try:
        async with asyncio.timeout(timeout):
            process = await starter.start(line, sink, stdin=stdin)
            status = await process.wait()
    except TimeoutError:
        if process is not None:
            await stop(process)
        raise TimeoutError(f"no end after {timeout:g} s") from None
    except asyncio.CancelledError:
        if process is not None:
            await asyncio.shield(stop(process))
        raise
    return Completed(status, sink.stdout, sink.stderr)


async def stop_by_signals(process: Process) -> None:
    """Send TERM, then KILL, until it ends; give it up at last."""
    signals: tuple[tuple[SignalName, float], ...] = (("TERM", TERM_GRACE), ("KILL", KILL_GRACE))
    for name, grace in signals:
        process.send_signal(name)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await process.wait()
                return
    process.abort()
