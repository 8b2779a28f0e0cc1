"""The MCP servers that the scripted `claude` is given: those in order connect, the others fail."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.demo import mcp_stage
from fleet_tui.demo.mcp_host import tools_of

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class GivenServer:
    """One server of `--mcp-config`."""

    name: str
    tools: tuple[str, ...] = ()
    """As the agent calls them; none of one that failed."""

    @property
    def said(self) -> dict[str, str]:
        """What the agent says of it."""
        status = "connected" if self.tools else "failed"
        return {"name": self.name, "status": status, "source": "dynamic"}


def given_servers(documents: Sequence[str]) -> tuple[GivenServer, ...]:
    """Return the servers of documents given inline; the file of a repository is not there."""
    found: dict[str, GivenServer] = {}
    for document in documents:
        if document.startswith("{"):
            for name, entry in json.loads(document).get("mcpServers", {}).items():
                words = json.dumps(entry)
                known = next(
                    (one for one in mcp_stage.IN_ORDER if json.dumps(one)[1:-1] in words), ""
                )
                tools = tuple(f"mcp__{name}__{tool}" for tool in tools_of(known))
                found[name] = GivenServer(name, tools)
    return tuple(found.values())
