"""A demo host tells the fleet things: what scripts there would do with curl, now and then.

Nothing listens for it. The port that the fleet asked for on the host's loopback exists on that SSH
connection only: whatever "connects" to it opens a channel of that connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import asyncssh

from fleet_tui.notify.incoming.entrance import NOTE_LINE

if TYPE_CHECKING:
    from fleet_tui.demo.inbox import Inbox
    from fleet_tui.demo.machine import Machine

FIRST_SECONDS, MOST_SECONDS = 6.0, 240.0
LOOPBACK = "127.0.0.1"
NEWS = (
    ("nightly backup", "done: 41 GB in 12 min, 0 errors", "default", "backup-done"),
    ("disk", "/srv is 91 % full", "high", "disk-nearly-full"),
    ("certificates", "renewed for 90 days", "low", "cert-renewed"),
    ("updates", "3 packages wait, one of them for security", "high", "updates-wait"),
    ("raid", "check finished, no differences", "default", "raid-checked"),
)


class LentPort(asyncssh.SSHListener):
    """A port of the host's loopback that the fleet was lent."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self._port = port

    def get_port(self) -> int:
        """Return the port."""
        return self._port

    def close(self) -> None:
        """Give it back."""

    async def wait_closed(self) -> None:
        """Return at once: nobody is on it."""


class TellingPort(LentPort):
    """A lent port through which the host tells the fleet things."""

    def __init__(
        self, connection: asyncssh.SSHServerConnection, machine: Machine, port: int
    ) -> None:
        super().__init__(port)
        self._connection = connection
        self._machine = machine
        self._task = asyncio.create_task(self._tell_now_and_then())

    def close(self) -> None:
        """Give it back."""
        self._task.cancel()

    async def wait_closed(self) -> None:
        """Return once nothing is told any more."""
        await asyncio.gather(self._task, return_exceptions=True)

    async def _tell_now_and_then(self) -> None:
        host = self._machine.host
        luck = random.Random(host.seed)
        pause = FIRST_SECONDS + luck.random() * MOST_SECONDS
        while self._machine.pace.speed > 0:
            await self._machine.pace.wait(pause)
            with contextlib.suppress(OSError, asyncssh.Error):
                await self._tell(*luck.choice(NEWS))
            pause = MOST_SECONDS * (0.5 + luck.random())

    async def _tell(self, title: str, text: str, priority: str, tag: str) -> None:
        if not self._machine.notify_url:
            return
        path = urlsplit(self._machine.notify_url).path
        body = text.encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {LOOPBACK}:{self._port}\r\nTitle: {title}\r\n"
            f"Priority: {priority}\r\nTags: {tag}\r\nContent-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        )
        reader, writer = await self._connection.open_connection(
            LOOPBACK, self._port, LOOPBACK, 40_000, encoding=None
        )
        writer.write(head.encode() + body)
        await reader.read()
        writer.close()


async def take_note(machine: Machine, line: str, inbox: Inbox) -> bool:
    """Take the receiver's address when `line` leaves it here; False for any other line."""
    if line != NOTE_LINE:
        return False
    machine.notify_url = (await inbox.read()).decode("utf-8", "replace").strip()
    return True
