"""The declared MCP servers: whether each answered, when, with which tools, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.mcp_view import McpView
from fleet_tui.tui import fmt
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import clean, short
from fleet_tui.tui.screens.part_page import PartPage
from fleet_tui.tui.states import Look
from fleet_tui.tui.widgets.columns import Column

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fleet_tui.model.mcp_view import McpServerView, McpState
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.widgets.paint import Span

LOOKS: dict[McpState, Look] = {
    "up": Look("●", "up", "ok"),
    "failing": Look("✗", "failing", "bad"),
    "unknown": Look("?", "unknown", "muted"),
}
ASKING = Look("◌", "asking", "accent")
COLUMNS = (
    Column("state", "state", 9),
    Column("name", "server", 8, is_flexible=True, most=24),
    Column("host", "host", 6, is_flexible=True, most=16),
    Column("transport", "by", 5, drop=2),
    Column("tools", "tools", 5, is_right=True),
    Column("age", "asked", 5, is_right=True),
    Column("latency", "took", 7, is_right=True, drop=3),
    Column("about", "what it is", 10, is_flexible=True, most=28, drop=4),
    Column("why", "last error", 12, is_flexible=True, drop=1),
)
EMPTY = "No MCP server: add a [[mcp]] to fleet.toml."
NAMED_TOOLS = 12


class ServerRows:
    """A row for each declared server."""

    def __init__(self) -> None:
        self.view: McpView | None = None
        self.now = 0.0
        self._servers: dict[str, McpServerView] = {}

    def take(self, view: McpView) -> None:
        """Take a newer picture."""
        self.view = view
        self._servers = {server.name: server for server in view.servers}

    def server(self, key: str | None) -> McpServerView | None:
        """Return a server."""
        return self._servers.get(key or "")

    def age(self, at: float | None) -> str:
        """Return how long ago that was; empty for never."""
        return "" if at is None else fmt.age(max(0.0, self.now - at))

    def ids(self) -> Sequence[str]:
        """Return the names."""
        return list(self._servers)

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return a server's cells."""
        server = self._servers[key]
        look = look_of(server)
        has_answered = server.proven_at is not None
        about = " ".join(word for word in (server.server, server.version) if word)
        tone = "" if server.state == "up" else "faint"
        return {
            "state": [(f"{look.glyph} {look.word}", look.role)],
            "name": [(clean(server.name), "")],
            "host": [(clean(server.host) or "here", "muted")],
            "transport": [(server.transport, "muted")],
            "tools": [(fmt.count(len(server.tools)) if has_answered else "", tone)],
            "age": [(self.age(server.asked_at) or "never", look.role)],
            "latency": [(fmt.latency(server.latency_seconds) if has_answered else "", "muted")],
            "about": [(clean(about), tone or "muted")],
            "why": [(short(server.why, 200), "muted")],
        }

    def sort_value(self, key: str, column: str) -> float | str | None:
        """Return what a server's cell is ordered by."""
        server = self._servers[key]
        if column == "age":
            return -self.now if server.asked_at is None else server.asked_at - self.now
        if column == "tools":
            return float(len(server.tools))
        if column == "latency":
            return server.latency_seconds
        return "".join(text for text, _ in self.cells(key)[column])

    def search_text(self, key: str) -> str:
        """Return what the filter looks at."""
        server = self._servers[key]
        tools = [tool.name for tool in server.tools]
        return " ".join((server.name, server.host, server.state, server.server, *tools, server.why))


def look_of(server: McpServerView) -> Look:
    """Return how a server is shown."""
    return ASKING if server.is_asking else LOOKS[server.state]


class McpScreen(PartPage[McpView]):
    """`r` asks the server at the cursor again, `a` all of them; `enter` opens its host."""

    place = "mcp"
    part = McpView
    opens = "mcp.host"
    label_width = 11
    BINDINGS = bindings_for("mcp", "list", "back")

    def __init__(self, app: FleetApp) -> None:
        self.rows = ServerRows()
        super().__init__(app, "mcp servers", self.rows, COLUMNS, EMPTY)

    @property
    def at_cursor(self) -> McpServerView | None:
        """Return the server at the cursor."""
        return self.rows.server(self.table.cursor_key)

    def title_of(self, view: McpView) -> str:
        """Return how many servers there are, and how they stand."""
        total = fmt.some(len(view.servers), "server")
        words = [f"{view.of(state)} {LOOKS[state].word}" for state in LOOKS if view.of(state)]
        return " · ".join((total, *words))

    def facts(self) -> Iterator[tuple[str, str, str]]:
        """Yield what is known of the server at the cursor."""
        server = self.at_cursor
        if server is None:
            return
        look = look_of(server)
        place = server.host or "this machine"
        yield "server", f"{server.name} · {server.transport} on {place} · {server.place}", "bold"
        proof = "never answered"
        if server.proven_at is not None:
            proof = f"last answered {self.rows.age(server.proven_at)} ago"
        yield "state", f"{look.glyph} {look.word} · {proof}", f"$fleet-{look.role}"
        if server.why:
            yield "error", server.why, "$fleet-bad"
        if server.mend:
            yield "mend", server.mend, ""
        if server.proven_at is not None:
            speaks = f"MCP {server.protocol}" if server.protocol else "MCP"
            named = " ".join(word for word in (server.server, server.version) if word)
            yield "it is", f"{named or 'unnamed'} · {speaks}", ""
            yield "tools", _tools(server), "$fleet-muted"


def _tools(server: McpServerView) -> str:
    shown = [tool.name for tool in server.tools[:NAMED_TOOLS]]
    more = len(server.tools) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "") or "none"
