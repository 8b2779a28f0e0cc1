"""The way to a server that is started: its standard input and output, over a connection."""

from __future__ import annotations

import asyncio
import contextlib
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fleet_tui.mcp.trouble import McpTrouble
from fleet_tui.model.text import one_line
from fleet_tui.transport.capture import stop_by_signals
from fleet_tui.transport.root_kill import group_of, kill_group, marked

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from fleet_tui.transport.base import Connection, ExitStatus, Process

LINE_LIMIT = 4 << 20
"""Bytes of one answer."""
TOTAL_LIMIT = 32 << 20
"""Bytes of everything it says while it is asked."""
MOST_LINES = 20_000
SAID_LIMIT = 4096
LEAVE_SECONDS = 0.5
"""How long it may take to end after its input has ended."""


class _Lines:
    """A sink that cuts what a server writes into lines; what is too much ends the asking."""

    def __init__(self) -> None:
        self.lines: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.said = b""
        """The end of what it wrote to standard error."""
        self.first = b""
        """The first line: its process group, on a POSIX host."""
        self.overflow = ""
        self._rest = b""
        self._total = 0
        self._count = 0

    def stdout_received(self, data: bytes) -> None:
        """Take output."""
        if self.overflow:
            return
        self._total += len(data)
        *whole, self._rest = (self._rest + data).split(b"\n")
        self._count += len(whole)
        longest = max((len(line) for line in (*whole, self._rest)), default=0)
        if longest > LINE_LIMIT:
            self.overflow = f"it wrote a line of more than {LINE_LIMIT >> 20} MiB"
        elif self._count > MOST_LINES:
            self.overflow = f"it wrote more than {MOST_LINES:,} lines"
        elif self._total > TOTAL_LIMIT:
            self.overflow = f"it wrote more than {TOTAL_LIMIT >> 20} MiB"
        if self.overflow:
            self._rest = b""
            self.lines.put_nowait(None)
            return
        if whole and not self.first:
            self.first = whole[0]
        for line in whole:
            self.lines.put_nowait(line)

    def stderr_received(self, data: bytes) -> None:
        """Keep the end of what it complains of."""
        self.said = (self.said + data)[-SAID_LIMIT:]

    def last_words(self) -> str:
        """Return the last line it complained of, sanitized."""
        lines = self.said.decode("utf-8", "replace").strip().splitlines()
        return one_line(lines[-1], 160) if lines else ""


class StdioWire:
    """One started server."""

    def __init__(self, process: Process, sink: _Lines, where: str) -> None:
        self._process = process
        self._sink = sink
        self._where = where
        self._ended = asyncio.create_task(self._watch())

    async def ask(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a request and return its answer; what is no message is passed over."""
        await self.tell(message)
        while (line := await self._sink.lines.get()) is not None:
            with contextlib.suppress(ValueError, RecursionError):
                said = json.loads(line)
                if isinstance(said, dict):
                    if said.get("id") == message["id"] and "method" not in said:
                        return said
                    await self._decline(said)
        raise self._no_answer(str(message["method"]))

    async def tell(self, message: Mapping[str, Any]) -> None:
        """Send a message; a server that is gone is noticed by what does not come back."""
        with contextlib.suppress(OSError):
            await self._process.write(json.dumps(message).encode() + b"\n")

    def speak(self, protocol: str) -> None:
        """Need no more than the messages say."""

    def _no_answer(self, method: str) -> McpTrouble:
        if self._sink.overflow:
            return McpTrouble(self._sink.overflow, mend="see what the command prints")
        status = self._ended.result() if self._ended.done() else None
        said = self._sink.last_words()
        ending = _ending(status)
        mend = f"run the command by hand on {self._where}"
        if status is not None and status.code == 127:
            mend = f"install it on {self._where}, or name it with its whole path"
        words = f": {said}" if said else ""
        return McpTrouble(f"it ended {ending} before it answered {method}{words}", mend=mend)

    async def _decline(self, said: Mapping[str, Any]) -> None:
        """Answer what the server asks of us: it is alive, and we have nothing else to offer."""
        if "method" not in said or said.get("id") is None:
            return
        answer: dict[str, Any] = {"jsonrpc": "2.0", "id": said["id"]}
        if said["method"] == "ping":
            answer["result"] = {}
        else:
            answer["error"] = {"code": -32601, "message": "no such method"}
        await self.tell(answer)

    async def _watch(self) -> ExitStatus:
        status = await self._process.wait()
        self._sink.lines.put_nowait(None)
        return status

    async def close(self, connection: Connection) -> None:
        """End its input, and end it when that is not enough."""
        self._process.close_stdin()
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await asyncio.shield(self._ended)
        except TimeoutError:
            group = group_of(self._sink.first)
            if group is not None:
                await kill_group(connection, group, self._process)
            else:
                await stop_by_signals(self._process)
        finally:
            self._ended.cancel()


def _ending(status: ExitStatus | None) -> str:
    if status is None or status.is_lost:
        return "with the connection"
    return f"by {status.signal}" if status.signal else f"with status {status.code}"


@asynccontextmanager
async def open_stdio(connection: Connection, command: str) -> AsyncIterator[StdioWire]:
    """Start `command` at the other end for as long as the context lasts; raises Unreachable."""
    sink = _Lines()
    host = connection.host
    # On a POSIX host it says its process group first: a server that stays is ended by that.
    line = marked(command) if host.shell == "posix" else command
    process = await connection.start(line, sink, stdin="open")
    wire = StdioWire(process, sink, host.name)
    try:
        yield wire
    finally:
        await asyncio.shield(wire.close(connection))
