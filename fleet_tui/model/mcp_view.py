"""MCP servers as a face shows them: where each is, whether it answered, when, and its tools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fleet_tui.model.snapshot import PartView

McpState = Literal["failing", "unknown", "up"]
"""`up`: it answered when it was last asked. `failing`: its host was reached, it did not answer as
it must. `unknown`: it was never asked, or its host could not be reached."""
McpTransport = Literal["stdio", "http", "sse"]


@dataclass(frozen=True, slots=True)
class McpTool:
    """A tool of a server, as the server names it; sanitized."""

    name: str
    about: str = ""
    """The first words of its description, one line."""


@dataclass(frozen=True, slots=True)
class McpServerView:
    """One declared server. Times are Unix seconds of our clock; texts of it are sanitized."""

    name: str
    host: str
    """Where it runs; empty for this machine."""
    transport: McpTransport
    place: str
    """The command that starts it, or its URL as its host sees it."""
    state: McpState = "unknown"
    why: str = ""
    """Why it is not up, one sentence."""
    mend: str = ""
    asked_at: float | None = None
    """When it was last asked, with whatever end; None before."""
    proven_at: float | None = None
    """When it last answered; what follows is as of then."""
    latency_seconds: float | None = None
    """From the start of asking to the list of its tools, without the way to its host."""
    server: str = ""
    """Its own name."""
    version: str = ""
    protocol: str = ""
    """The version of MCP that it speaks."""
    tools: tuple[McpTool, ...] = ()
    is_asking: bool = False
    is_unreached: bool = False
    """True when it is unknown because its host could not be reached."""


@dataclass(frozen=True, slots=True)
class McpView(PartView):
    """All declared servers, in the order of fleet.toml."""

    servers: tuple[McpServerView, ...]
    made_at: float = 0.0

    def of(self, state: McpState) -> int:
        """Return how many are in this state."""
        return sum(server.state == state for server in self.servers)
