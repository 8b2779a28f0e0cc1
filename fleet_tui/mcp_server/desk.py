"""One call of a tool: allowed, written down, done, and answered as text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fleet_tui.journal import LogEntry
from fleet_tui.journal.redact import log_message
from fleet_tui.mcp_server.acting import Acting
from fleet_tui.mcp_server.arguments import Arguments
from fleet_tui.mcp_server.catalogue import TOOLS, WRITES
from fleet_tui.mcp_server.looking import Looking
from fleet_tui.model.errors import FleetError, Refused, UsageError
from fleet_tui.model.text import one_line
from fleet_tui.transport.stdio_mcp import Trouble

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.fleet import Fleet

CLIENT_LIMIT = 60
_KNOWN = {tool["name"]: frozenset(tool["inputSchema"]["properties"]) for tool in TOOLS}


class ToolDesk:
    """Carries calls out on the fleet's loop."""

    def __init__(self, fleet: Fleet, *, may_dispatch: bool) -> None:
        self._fleet = fleet
        self._may_dispatch = may_dispatch
        looking, acting = Looking(fleet), Acting(fleet)
        self._tools = {
            name: getattr(acting if name in WRITES else looking, name) for name in _KNOWN
        }

    async def call(self, tool: str, given: Mapping[str, Any], client: str) -> str:
        """Do what a tool does; raises Trouble with a sentence for the model.

        The call is in fleet.log before anything is done.
        """
        try:
            await self._write_down(tool, given, client)
            return json.dumps(await self._do(tool, given), ensure_ascii=False, indent=1)
        except FleetError as error:
            kind = "refused: " if isinstance(error, Refused) else ""
            raise Trouble(f"{kind}{error}") from error

    async def _do(self, tool: str, given: Mapping[str, Any]) -> Any:
        if tool not in self._tools:
            raise UsageError(f"there is no tool called {one_line(tool, 40)}")
        if tool in WRITES and not self._may_dispatch:
            raise Refused(
                "this server may only look",
                mend="its user may start it as `fleet-tui mcp serve --allow-dispatch`",
            )
        return await self._tools[tool](Arguments(given, _KNOWN[tool]))

    async def _write_down(self, tool: str, given: Mapping[str, Any], client: str) -> None:
        fields: dict[str, str | int] = {
            "tool": one_line(tool, 40),
            "client": one_line(client, CLIENT_LIMIT) or "unnamed",
            "by": self._fleet.by,
            "epoch": self._fleet.epoch,
            "args": log_message(json.dumps(given, ensure_ascii=False)),
        }
        await self._fleet.log.append([LogEntry("mcp-call", fields)], durable=True)
