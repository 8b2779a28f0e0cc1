"""The MCP servers of a fleet as a part of it: asked now and then, and when somebody asks."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.journal import LogEntry
from fleet_tui.mcp.asking import ask_server
from fleet_tui.mcp.settings import choose, mcp_servers
from fleet_tui.model.events import LinkChanged, PartChanged
from fleet_tui.model.mcp_view import McpServerView, McpView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.context import FleetContext
    from fleet_tui.mcp.settings import McpServer
    from fleet_tui.model.events import Event

LOOK_SECONDS = 300.0
"""Time between two rounds while the screen is open."""
AT_ONCE = 4
LEAVE_SECONDS = 5.0
"""How long servers that are being asked get to end by themselves when the fleet is closed."""


class McpServers:
    """The MCP part: what is declared, and what is known of each."""

    def __init__(self, context: FleetContext) -> None:
        self._context = context
        self.servers = mcp_servers(context.config)
        self._known = {server.name: _unasked(server) for server in self.servers}
        self._asking: dict[str, asyncio.Task[McpServerView]] = {}
        self._room = asyncio.Semaphore(AT_ONCE)
        self._up: set[str] = set()
        """Hosts whose connection is up."""
        self._is_watching = False
        self._unsubscribe = context.bus.subscribe(self._heard)

    @property
    def view(self) -> McpView:
        """Return the newest picture."""
        known = tuple(self._known[server.name] for server in self.servers)
        return McpView(known, self._context.clock.time())

    async def start(self) -> None:
        """Show what is declared, and ask again and again."""
        if not self._is_watching:
            self._is_watching = True
            self._publish()
            if self.servers:
                self._context.spawn(self._watch())

    async def close(self) -> None:
        """Leave those that are being asked; who does not let go ends with its connection."""
        self._unsubscribe()
        left = set(self._asking.values())
        for patience in (LEAVE_SECONDS, None):
            for task in left:
                task.cancel()
            if left:
                _, left = await asyncio.wait(left, timeout=patience)

    async def ask(self, names: Sequence[str] = ()) -> tuple[McpServerView, ...]:
        """Ask these servers now, all without a name; it is in the log before.

        Raises UsageError for an unknown one, JournalError.
        """
        chosen = choose(self.servers, names)
        context = self._context
        lines = [
            LogEntry(
                "mcp-call",
                {
                    "server": server.name,
                    "host": server.host or "here",
                    "tool": "tools/list",
                    "by": context.by,
                    "epoch": context.epoch(),
                },
            )
            for server in chosen
        ]
        if lines:
            await context.log.append(lines, durable=True)
        return tuple(await asyncio.gather(*(self._ask(server) for server in chosen)))

    async def _ask(self, server: McpServer) -> McpServerView:
        """Ask one; who asks while it is being asked gets the same answer."""
        task = self._asking.get(server.name)
        if task is None:
            task = asyncio.create_task(self._ask_once(server))
            self._asking[server.name] = task
        return await asyncio.shield(task)

    async def _ask_once(self, server: McpServer) -> McpServerView:
        before = self._known[server.name]
        try:
            async with self._room:
                self._show(replace(before, is_asking=True))
                context = self._context
                view = await ask_server(server, before, context.pool, context.clock)
        except BaseException:
            self._show(before)
            raise
        finally:
            self._asking.pop(server.name, None)
        self._show(view)
        self._tell(before, view)
        return view

    async def _watch(self) -> None:
        while True:
            await asyncio.gather(*(self._ask(server) for server in self.servers))
            await asyncio.sleep(LOOK_SECONDS)

    def _heard(self, event: Event) -> None:
        """Ask the servers of a host that is back, when nothing is known of them."""
        if not self._is_watching or not isinstance(event, LinkChanged):
            return
        status = event.status
        if status.state != "up":
            self._up.discard(status.host)
        elif status.host not in self._up:
            self._up.add(status.host)
            for server in self.servers:
                is_unknown = self._known[server.name].state == "unknown"
                if server.host == status.host and is_unknown and server.name not in self._asking:
                    self._context.spawn(self._ask_quietly(server))

    async def _ask_quietly(self, server: McpServer) -> None:
        await self._ask(server)

    def _tell(self, before: McpServerView, now: McpServerView) -> None:
        """Raise a notice when a server begins to fail while it is watched, and when it is back."""
        if not self._is_watching:
            return
        source, key = now.host or "fleet", f"mcp/{now.name}"
        if now.state == "failing" and before.state != "failing":
            mend = f" ({now.mend})" if now.mend else ""
            text = f"MCP server {now.name}: {now.why}{mend}"
            self._context.notice(key, "warning", "mcp-failing", source, text)
        elif now.state == "up" and before.state == "failing":
            text = f"MCP server {now.name} answers again"
            self._context.notice(key, "info", "mcp-back", source, text)

    def _show(self, view: McpServerView) -> None:
        self._known[view.name] = view
        self._publish()

    def _publish(self) -> None:
        self._context.bus.publish(PartChanged(self.view))


def _unasked(server: McpServer) -> McpServerView:
    return McpServerView(server.name, server.host, server.transport, server.place)
