"""The tools that start something. All of it passes the gate as origin `mcp` or `queue`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

from fleet_tui.model.errors import UsageError
from fleet_tui.model.request import DispatchRequest

if TYPE_CHECKING:
    from fleet_tui.fleet import Fleet
    from fleet_tui.mcp_server.arguments import Arguments
    from fleet_tui.model.run import AgentName, Mode

AGENTS = ("claude", "codex")


class Acting:
    """Asks the fleet for what an agent wants done."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    async def dispatch(self, given: Arguments) -> Any:
        """Start a dispatch; raises what the gate and the journal raise."""
        agent = given.one_of("agent", AGENTS)
        live = await self._fleet.dispatch(
            DispatchRequest(
                target=given.needed("target"),
                prompt=given.needed("prompt"),
                agent=cast("AgentName", agent) if agent else None,
                mode=cast("Mode", given.text("mode", "read")),
                origin="mcp",
                budget_usd=given.budget(),
                timeout_seconds=given.amount("timeout_seconds"),
                model=given.text("model") or None,
                on_limit="fail",
                mcp=given.names("mcp"),
            )
        )
        runs = [{"run": task.run.id, "host": task.run.host} for task in live.tasks.values()]
        return {"dispatch": live.dispatch.id, "runs": runs}

    async def queue_add(self, given: Arguments) -> Any:
        """Put a task on the queue. Unsigned, it may only look, whatever its text says."""
        from fleet_tui.queue.store import Draft

        text = given.needed("text")
        if text.startswith("+++"):
            raise UsageError("the text begins with +++", mend="say options as arguments")
        self._fleet.require_leading()
        head = [f"budget = {given.budget()!r}", 'mode = "read"']
        for name, value in (
            ("target", given.text("target")),
            ("agent", given.one_of("agent", AGENTS)),
        ):
            head += [f"{name} = {json.dumps(value)}"] if value else []
        body = "\n".join(("+++", *head, "+++", text.rstrip("\n"), ""))
        queue = self._fleet.parts.queue
        await queue.open()
        (name,) = await queue.orders.add([Draft(body.encode("utf-8", "replace"))])
        return {"task": name}
