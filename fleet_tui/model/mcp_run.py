"""The declared MCP servers that one run is given, and what the gate has to know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet_tui.model.mcp_view import McpTransport
    from fleet_tui.model.run import Origin


@dataclass(frozen=True, slots=True)
class AgentServer:
    """One server as an agent reaches it; of a run that was started before, its name alone."""

    name: str
    transport: McpTransport = "stdio"
    command: tuple[str, ...] = ()
    """What starts it on the run's own host; empty for one with a URL."""
    url: str = ""
    timeout: float = 0.0
    """Seconds in which it has to answer; 0 for the agent's own patience."""
    token_variable: str = ""
    """The variable in which the agent finds its bearer token; empty without one."""
    tunnel: tuple[str, ...] = ()
    """The ssh command on the run's host that keeps the port of `url` open; empty without need."""


@dataclass(frozen=True, slots=True)
class ServerCase:
    """What the gate is told of a server that a dispatch asks for."""

    name: str
    origins: frozenset[Origin] = frozenset()
    """Whose prompts may be given it, besides those of the operator."""
    only_looks: bool = False
    """fleet.toml says that none of its tools changes anything."""
    fault: str = ""
    """Why a host of this case cannot be given it; empty when all can."""
