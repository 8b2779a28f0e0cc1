"""Asking a server that is declared just so."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.clock import SystemClock
from fleet_tui.mcp.asking import ask_server
from fleet_tui.mcp.settings import McpServer
from fleet_tui.model.mcp_view import McpServerView
from tests.support import mcp_peer

if TYPE_CHECKING:
    from fleet_tui.transport.base import Connector

PEER = f"{sys.executable} {Path(mcp_peer.__file__)}"
PATIENCE = 60.0


def unasked(server: McpServer) -> McpServerView:
    """Return the picture of a server that was never asked."""
    return McpServerView(server.name, server.host, server.transport, server.place)


async def asked(connector: Connector | None = None, **fields: object) -> McpServerView:
    """Ask a server, of this machine unless it names a host."""
    given = {"timeout": PATIENCE, **fields}
    server = McpServer("peer", **given)  # type: ignore[arg-type]
    nobody: Connector = connector  # type: ignore[assignment]
    return await ask_server(server, unasked(server), nobody, SystemClock())
