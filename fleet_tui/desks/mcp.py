"""MCP servers for a face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from concurrent.futures import Future

    from fleet_tui.fleet import Fleet


class McpDesk:
    """Implements `model.mcp_control.McpControl`."""

    def __init__(
        self, call: Callable[[Coroutine[None, None, Any]], Future[Any]], fleet: Fleet
    ) -> None:
        self._call = call
        self._fleet = fleet

    def ask(self, names: Sequence[str] = ()) -> Future[int]:
        """Ask these servers, all without a name."""

        async def work() -> int:
            found = await self._fleet.parts.mcp.ask(tuple(names))
            return sum(server.state == "up" for server in found)

        return self._call(work())
