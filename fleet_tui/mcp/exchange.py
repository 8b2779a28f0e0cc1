"""Asking a server what it is and which tools it has, over whatever way leads to it.

It begins as the versions up to 2025-11-25 do, with `initialize`; a server that knows only the
version without a handshake (2026-07-28) is asked by `server/discover`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from fleet_tui import __version__
from fleet_tui.mcp.trouble import McpRefusal, McpTrouble, result_of
from fleet_tui.model.mcp_view import McpTool
from fleet_tui.model.text import one_line
from fleet_tui.transport.stdio_mcp import HANDSHAKES, META, MODERN

if TYPE_CHECKING:
    from collections.abc import Mapping

CLIENT = {"name": "fleet-tui", "version": __version__}
MOST_TOOLS = 500
MOST_PAGES = 50


class Wire(Protocol):
    """Carries messages to one server, one request at a time."""

    async def ask(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send a request and return the answer with its id; raises McpTrouble."""

    async def tell(self, message: Mapping[str, Any]) -> None:
        """Send what needs no answer; raises McpTrouble."""

    def speak(self, protocol: str) -> None:
        """Name this version with every further message, where the way asks for that."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a server said of itself, sanitized and cut."""

    server: str
    version: str
    protocol: str
    tools: tuple[McpTool, ...]


async def greet(wire: Wire) -> Greeting:
    """Ask a server what it is and what it can; raises McpTrouble."""
    return await _Exchange(wire).greet()


class _Exchange:
    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._asked = 0
        self._envelope: dict[str, Any] = {}

    async def greet(self) -> Greeting:
        try:
            welcome = await self._initialize()
        except McpRefusal as refusal:
            welcome = await self._discover(refusal)
        tools = await self._tools() if _has_tools(welcome) else ()
        about = welcome.get("serverInfo")
        if not isinstance(about, dict):
            meta = welcome.get("_meta")
            about = meta.get(META + "serverInfo") if isinstance(meta, dict) else None
        named = about if isinstance(about, dict) else {}
        return Greeting(
            server=one_line(str(named.get("name", "")), 60),
            version=one_line(str(named.get("version", "")), 40),
            protocol=one_line(str(welcome.get("protocolVersion", MODERN)), 20),
            tools=tools,
        )

    async def _initialize(self) -> Mapping[str, Any]:
        asked = {"protocolVersion": HANDSHAKES[-1], "capabilities": {}, "clientInfo": CLIENT}
        welcome = await self._ask("initialize", asked)
        version = welcome.get("protocolVersion")
        if not isinstance(version, str):
            raise McpTrouble("its answer to initialize names no protocol version")
        self._wire.speak(one_line(version, 20))
        await self._wire.tell({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return welcome

    async def _discover(self, refusal: McpRefusal) -> Mapping[str, Any]:
        self._envelope = {
            "_meta": {
                META + "protocolVersion": MODERN,
                META + "clientInfo": CLIENT,
                META + "clientCapabilities": {},
            }
        }
        self._wire.speak(MODERN)
        try:
            return await self._ask("server/discover", {})
        except McpRefusal:
            raise refusal from None

    async def _tools(self) -> tuple[McpTool, ...]:
        found: list[McpTool] = []
        cursor: object = None
        for _ in range(MOST_PAGES):
            page = await self._ask("tools/list", {} if cursor is None else {"cursor": cursor})
            tools = page.get("tools")
            if not isinstance(tools, list):
                raise McpTrouble("its answer to tools/list holds no list of tools")
            found += [_tool(tool) for tool in tools if isinstance(tool, dict)]
            cursor = page.get("nextCursor")
            if not isinstance(cursor, str) or not cursor or len(found) >= MOST_TOOLS:
                break
        return tuple(found[:MOST_TOOLS])

    async def _ask(self, method: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        self._asked += 1
        message = {
            "jsonrpc": "2.0",
            "id": self._asked,
            "method": method,
            "params": {**params, **self._envelope},
        }
        return result_of(method, await self._wire.ask(message))


def _has_tools(welcome: Mapping[str, Any]) -> bool:
    able = welcome.get("capabilities")
    return isinstance(able, dict) and "tools" in able


def _tool(tool: Mapping[str, Any]) -> McpTool:
    about = tool.get("description") or tool.get("title") or ""
    return McpTool(one_line(str(tool.get("name", "")), 64), one_line(str(about), 200))
