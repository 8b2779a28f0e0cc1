"""Processes on a host that stand for peers elsewhere: claude-peers lists nobody without one.

Its broker believes in a peer for as long as `kill(pid, 0)` of the same user finds its process. One
`sh` on the host keeps a `sleep` for each, and ends them all when the connection does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError

if TYPE_CHECKING:
    from fleet_tui.transport.base import Connection, Process

STAND_IN_LINE = "sh -s fleet-peers-stand-ins"
ANSWER_WITHIN = 15.0
_SCRIPT = b"""p=; keep() { echo ready; while read -r w n; do case $w in
new) sleep 2147483 </dev/null >/dev/null 2>&1 & p="$p $!"; echo "$!";;
end) case " $p " in *" $n "*) kill "$n" 2>/dev/null;; esac;; esac; done; kill $p 2>/dev/null; }
keep
"""


class StandIns:
    """The keeper of one host's stand-ins."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._lines: asyncio.Queue[str] = asyncio.Queue()
        self._rest = b""

    async def start(self, connection: Connection) -> None:
        """Start it; raises Unreachable, FleetError."""
        self._process = await connection.start(STAND_IN_LINE, self, stdin="open")
        await self._process.write(_SCRIPT)
        # Only now may more be written: a shell reads its program ahead, as far as there is any.
        if await self._answer() != "ready":
            raise FleetError("no process can be kept there", where=connection.host.name)

    async def new(self) -> int:
        """Return the process id of a new stand-in; raises FleetError, Unreachable."""
        assert self._process is not None
        await self._process.write(b"new\n")
        said = await self._answer()
        if not said.isdigit():
            raise FleetError(f"the keeper of stand-ins said {said!r}")
        return int(said)

    async def end(self, pid: int) -> None:
        """End one."""
        assert self._process is not None
        await self._process.write(f"end {pid}\n".encode())

    def close(self) -> None:
        """End them all."""
        if self._process is not None:
            self._process.close_stdin()

    def stdout_received(self, data: bytes) -> None:
        """Take what the keeper says."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._lines.put_nowait(line.decode("utf-8", "replace").strip()[:100])
        self._rest = self._rest[-1000:]

    def stderr_received(self, data: bytes) -> None:
        """Let its complaints go: what it should have said is waited for only so long."""

    async def _answer(self) -> str:
        try:
            async with asyncio.timeout(ANSWER_WITHIN):
                return await self._lines.get()
        except TimeoutError:
            raise FleetError("the keeper of stand-ins does not answer") from None
