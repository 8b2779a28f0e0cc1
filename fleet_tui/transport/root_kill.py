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

_MARK = b"fleet-group "
_LONGEST_MARK = len(_MARK) + 20


def marked(line: str) -> str:
    """Return a line that prints its process group, for `group_of`, then becomes `line`."""
    return sh_line(f'echo {_MARK.decode()}$$; exec "${{SHELL:-/bin/sh}}" -c {quote(line)}')


def group_of(line: bytes) -> int | None:
    """Return the process group that the first line of a marked command names.

    None where something else stands there, as when a login file prints, and for a number that
    `kill` would take for every process there is.
    """
    number = line.removeprefix(_MARK)
    if number == line or not number.isdigit() or int(number) <= 1:
        return None
    return int(number)


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
        first, newline, rest = self._front.partition(b"\n")
        if not newline and len(first) <= _LONGEST_MARK:
            return
        self.group = group_of(first) if newline else None
        if self.group is None:
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
