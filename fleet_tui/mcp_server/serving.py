"""Serving one agent on standard input and output, while the fleet works on its own loop."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
from typing import TYPE_CHECKING, Any

from fleet_tui import __version__
from fleet_tui.mcp_server.catalogue import INSTRUCTIONS, tools_for
from fleet_tui.mcp_server.desk import ToolDesk
from fleet_tui.transport.stdio_mcp import Offer, Server, lines_of

if TYPE_CHECKING:
    from fleet_tui.fleet import Fleet


async def serve(fleet: Fleet, *, may_dispatch: bool, descriptor: int | None = None) -> None:
    """Answer until standard input ends. Runs that live on their hosts go on after that."""
    loop = asyncio.get_running_loop()
    desk = ToolDesk(fleet, may_dispatch=may_dispatch)

    def call(tool: str, given: dict[str, Any]) -> str:
        work = desk.call(tool, given, server.client)
        return asyncio.run_coroutine_threadsafe(work, loop).result()

    offer = Offer(
        "fleet-tui",
        __version__,
        tools_for(may_dispatch=may_dispatch),
        call,
        INSTRUCTIONS,
        is_modern=True,
    )
    server = Server(offer)
    ended = asyncio.Event()
    lines = lines_of(sys.stdin.fileno() if descriptor is None else descriptor)

    def work() -> None:
        try:
            server.serve(lines)
        finally:
            with contextlib.suppress(RuntimeError):  # the loop has ended before
                loop.call_soon_threadsafe(ended.set)

    # A thread of its own that nobody waits for: it sits in a read that only the agent ends.
    threading.Thread(target=work, name="mcp-input", daemon=True).start()
    await ended.wait()
