"""Asking a server that is declared just so."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.clock import SystemClock
from fleet_tui.mcp import stdio_wire
from fleet_tui.mcp.asking import ask_server
from fleet_tui.mcp.settings import McpServer
from fleet_tui.model.mcp_view import McpServerView
from fleet_tui.transport import capture, root_kill
from tests.support import mcp_peer

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from fleet_tui.model.clock import Clock
    from fleet_tui.transport.base import Connector

PEER = f"{sys.executable} {Path(mcp_peer.__file__)}"
PATIENCE = 60.0
LONG = 600.0
"""As long as no test waits."""


def unasked(server: McpServer) -> McpServerView:
    """Return the picture of a server that was never asked."""
    return McpServerView(server.name, server.host, server.transport, server.place)


def time_is_up(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return what ends the time of those who are given `LONG` to answer."""
    running: list[asyncio.Timeout] = []
    real = asyncio.timeout

    def timeout(delay: float | None) -> asyncio.Timeout:
        made = real(delay)
        if delay == LONG:
            running.append(made)
        return made

    def end() -> None:
        for one in running:
            one.reschedule(asyncio.get_running_loop().time())

    monkeypatch.setattr(asyncio, "timeout", timeout)
    monkeypatch.setattr(stdio_wire, "LEAVE_SECONDS", 0.01)
    let_them_leave(monkeypatch)
    return end


def let_them_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kill nobody who was told to end before a slow machine lets it."""
    for module in (root_kill, capture):
        monkeypatch.setattr(module, "TERM_GRACE", PATIENCE)


async def asked(
    connector: Connector | None = None, *, clock: Clock | None = None, **fields: object
) -> McpServerView:
    """Ask a server, of this machine unless it names a host."""
    given = {"timeout": PATIENCE, **fields}
    server = McpServer("peer", **given)  # type: ignore[arg-type]
    nobody: Connector = connector  # type: ignore[assignment]
    return await ask_server(server, unasked(server), nobody, clock or SystemClock())
