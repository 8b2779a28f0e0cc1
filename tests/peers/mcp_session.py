"""An agent's side of an MCP server that talks over standard input and output on a machine."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fleet_tui.transport.base import Connection, Process

PATIENCE = 60.0
VERSION = "2025-06-18"


class McpSession:
    """One server, started by us, with the notifications that it pushed."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._rest = b""
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self.pushed: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        """Notifications that came, oldest first."""
        self.errors = b""
        """What it wrote to standard error."""

    async def start(self, connection: Connection, line: str) -> dict[str, Any]:
        """Start it and shake hands; returns what it says of itself."""
        self._process = await connection.start(line, self, stdin="open")
        about = {
            "protocolVersion": VERSION,
            "capabilities": {},
            "clientInfo": {"name": "fleet-tui-test", "version": "1"},
        }
        said = await self.ask("initialize", about)
        await self._write({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return said

    async def call(self, tool: str, **arguments: str) -> str:
        """Call a tool; returns its text, raises AssertionError where it reports an error."""
        said = await self.ask("tools/call", {"name": tool, "arguments": arguments})
        text = "\n".join(part["text"] for part in said["content"])
        assert not said.get("isError"), text
        return text

    async def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Make one request; returns its result."""
        number = len(self._answers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        asked = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        await self._write(asked)
        try:
            async with asyncio.timeout(PATIENCE):
                said = await answer
        except TimeoutError:
            errors = self.errors.decode(errors="replace")
            raise AssertionError(f"no answer to {method}; it wrote: {errors}") from None
        assert "error" not in said, said
        result: dict[str, Any] = said["result"]
        return result

    async def next_push(self) -> dict[str, Any]:
        """Return the parameters of the next notification that it pushes."""
        try:
            async with asyncio.timeout(PATIENCE):
                pushed = await self.pushed.get()
        except TimeoutError:
            errors = self.errors.decode(errors="replace")
            raise AssertionError(f"nothing was pushed; it wrote: {errors}") from None
        params: dict[str, Any] = pushed["params"]
        return params

    def stdout_received(self, data: bytes) -> None:
        """Take in what it answers and pushes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in filter(None, lines):
            said = json.loads(line)
            if "id" in said:
                self._answers[said["id"]].set_result(said)
            else:
                self.pushed.put_nowait(said)

    def stderr_received(self, data: bytes) -> None:
        """Keep what it complains of."""
        self.errors += data

    async def _write(self, message: dict[str, Any]) -> None:
        assert self._process is not None
        await self._process.write(json.dumps(message).encode() + b"\n")
