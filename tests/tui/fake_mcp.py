"""MCP servers as the screen sees them, in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from fleet_tui.model.mcp_view import McpServerView, McpTool, McpView
from tests.tui.answers import done, refused
from tests.tui.fixed_clock import NOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from fleet_tui.model.errors import FleetError
    from fleet_tui.model.snapshot import PartView

SERVERS = (
    McpServerView(
        "files",
        "droplet",
        "stdio",
        "uvx mcp-server-filesystem /srv",
        "up",
        asked_at=NOW - 40,
        proven_at=NOW - 40,
        latency_seconds=0.41,
        server="filesystem",
        version="1.4.0",
        protocol="2025-11-25",
        tools=(McpTool("read_file", "Read a file."), McpTool("list_directory")),
    ),
    McpServerView(
        "search",
        "",
        "http",
        "http://127.0.0.1:8931/mcp",
        "failing",
        why="nothing there speaks HTTP at 127.0.0.1:8931",
        mend="start it, or correct `url`",
        asked_at=NOW - 40,
    ),
    McpServerView("notes", "nas1", "stdio", "notes-mcp"),
)


class ShowsParts(Protocol):
    """What the fake needs of the fake core."""

    calls: list[tuple[str, object]]
    refusal: FleetError | None

    def show_part(self, view: PartView) -> None: ...


class FakeMcp:
    """Implements `McpControl`; every server that is asked answers."""

    def __init__(self, core: ShowsParts) -> None:
        self._core = core
        self.view = McpView(SERVERS, NOW)

    def ask(self, names: Sequence[str] = ()) -> Future[int]:
        self._core.calls.append(("mcp.ask", tuple(names)))
        if self._core.refusal is not None:
            return refused(self._core.refusal)
        asked = [s.name for s in self.view.servers if not names or s.name in names]
        self.show(
            *(
                replace(s, state="up", why="", mend="", asked_at=NOW, proven_at=NOW)
                if s.name in asked
                else s
                for s in self.view.servers
            )
        )
        return done(len(asked))

    def show(self, *servers: McpServerView) -> None:
        """Show these servers."""
        self.view = McpView(servers or self.view.servers, NOW)
        self._core.show_part(self.view)
