"""Ending a command on a host whose sshd refuses to signal it.

OpenSSH drops privilege separation for root, and its sshd then answers a signal request with
"session signalling requires privilege separation" (session.c, session_signal_req). So a command run
as root first says which process group it is, and is killed through a session of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from fleet_tui.model.errors import Unreachable
from fleet_tui.transport.capture import KILL_GRACE, TERM_GRACE, Capture, Starter
from fleet_tui.transport.shell import quote, sh_line

if TYPE_CHECKING:
    from fleet_tui.transport.base import Process, SignalName

_LONGEST_PID = 20


def marked(line: str) -> str:
    """Return a line that prints its process group's number, then becomes `line`."""
    return sh_line(f'echo $$; exec "${{SHELL:-/bin/sh}}" -c {quote(line)}')


class MarkedCapture(Capture):
    """A capture that takes the number off the front of standard output."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.group: int | None = None
        self._front: bytes | None = b""

    def stdout_received(self, data: bytes) -> None:
        """Keep what still fits, but for the first line."""
        if self._front is None:
            super().stdout_received(data)
            return
        self._front += data
        number, newline, rest = self._front.partition(b"\n")
        if not newline and len(number) <= _LONGEST_PID:
            return
        if newline and number.isdigit():
            self.group = int(number)
        else:
            rest = self._front
        self._front = None
        if rest:
            super().stdout_received(rest)


async def kill_group(starter: Starter, group: int, process: Process) -> None:
    """Send TERM, then KILL, to `group` on the host until `process` ends; give it up at last."""
    signals: tuple[tuple[SignalName, float], ...] = (("TERM", TERM_GRACE), ("KILL", KILL_GRACE))
    for name, grace in signals:
        with contextlib.suppress(TimeoutError, Unreachable):
            async with asyncio.timeout(grace):
                await starter.start(f"kill -{name} -{group}", Capture(0))
                await process.wait()
                return
    process.abort()
