"""Asking one declared server at its host: what comes of it, as a picture."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.mcp.exchange import greet
from fleet_tui.mcp.stdio_wire import open_stdio
from fleet_tui.mcp.tokens import token_of, without_token
from fleet_tui.mcp.trouble import McpTrouble
from fleet_tui.model.errors import Unreachable
from fleet_tui.model.host import Host
from fleet_tui.transport.local import LocalConnection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fleet_tui.mcp.exchange import Greeting, Wire
    from fleet_tui.mcp.settings import McpServer
    from fleet_tui.model.clock import Clock
    from fleet_tui.model.mcp_view import McpServerView
    from fleet_tui.transport.base import Connection, Connector

HERE = "this machine"


async def ask_server(
    server: McpServer, known: McpServerView, connector: Connector, clock: Clock
) -> McpServerView:
    """Return the new picture of a server; never raises for what a server or a host does."""
    token = ""
    try:
        token = await token_of(server)
        async with _connected(server, connector) as connection:
            began = clock.monotonic()
            greeting = await _greeted(server, connection, token)
            took = clock.monotonic() - began
    except Unreachable as error:
        return _ended(known, clock, "unknown", f"{error.host}: {error.what}", error.mend, True)
    except McpTrouble as trouble:
        failed = _ended(known, clock, "failing", trouble.what, trouble.mend, False)
        return without_token(failed, token)
    answered = replace(
        known,
        state="up",
        why="",
        mend="",
        asked_at=clock.time(),
        proven_at=clock.time(),
        latency_seconds=took,
        server=greeting.server,
        version=greeting.version,
        protocol=greeting.protocol,
        tools=greeting.tools,
        is_asking=False,
        is_unreached=False,
    )
    return without_token(answered, token)


def _ended(
    known: McpServerView, clock: Clock, state: str, why: str, mend: str | None, unreached: bool
) -> McpServerView:
    return replace(
        known,
        state=state,  # type: ignore[arg-type]
        why=why,
        mend=mend or "",
        asked_at=clock.time(),
        is_asking=False,
        is_unreached=unreached,
    )


async def _greeted(server: McpServer, connection: Connection, token: str) -> Greeting:
    try:
        async with asyncio.timeout(server.timeout), _open(server, connection, token) as wire:
            return await greet(wire)
    except TimeoutError:
        raise McpTrouble(
            f"it did not answer within {server.timeout:g} s",
            mend=f"see what it does on {server.host or HERE}, or raise its `timeout`",
        ) from None


@asynccontextmanager
async def _open(server: McpServer, connection: Connection, token: str) -> AsyncIterator[Wire]:
    if server.transport == "stdio":
        async with open_stdio(connection, server.command) as started:
            yield started
        return
    from fleet_tui.mcp.http_wire import open_http

    async with (
        connection.forward_local(*server.door) as port,
        open_http(server, port, token) as wire,
    ):
        yield wire


@asynccontextmanager
async def _connected(server: McpServer, connector: Connector) -> AsyncIterator[Connection]:
    """Yield the connection to a server's host; raises Unreachable."""
    if server.host:
        yield await connector.connection(server.host)
        return
    here = LocalConnection(Host(HERE, connection="local"))
    try:
        yield here
    finally:
        here.close()
        await here.wait_closed()
