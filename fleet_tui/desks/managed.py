"""The cloud sessions for a face: every call goes to the core's loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_tui.model.errors import UsageError
from fleet_tui.model.ids import short

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future

    from fleet_tui.fleet import Fleet
    from fleet_tui.managed.service import ManagedAgents
    from fleet_tui.model.managed_view import ManagedSession
    from fleet_tui.model.snapshot import ViewLine


class ManagedDesk:
    """Implements `model.managed_control.ManagedControl`."""

    def __init__(
        self, call: Callable[[Coroutine[None, None, Any]], Future[Any]], fleet: Fleet
    ) -> None:
        self._call = call
        self._fleet = fleet

    def start(self, prompt: str, title: str, budget_usd: float | None) -> Future[str]:
        """Start a session."""

        async def start() -> str:
            self._fleet.require_leading()
            orders = self._agents.orders
            return (await orders.start(prompt, title=title, budget_usd=budget_usd)).id

        return self._call(start())

    def send(self, identifier: str, text: str) -> Future[None]:
        """Say something to a session."""
        return self._order(identifier, lambda agents, session: agents.orders.send(session, text))

    def raise_budget(self, identifier: str, budget_usd: float, text: str) -> Future[None]:
        """Let a session that has stopped at its budget go on with a larger one."""
        return self._order(
            identifier,
            lambda agents, session: agents.orders.raise_budget(session, budget_usd, text),
        )

    def stop(self, identifier: str) -> Future[None]:
        """Stop what it does."""
        return self._order(identifier, lambda agents, session: agents.orders.stop(session))

    def archive(self, identifier: str) -> Future[None]:
        """End it for good."""
        return self._order(identifier, lambda agents, session: agents.orders.archive(session))

    def decide(self, identifier: str, use: str, is_allowed: bool, why: str) -> Future[None]:
        """Allow or deny one use of a tool."""

        async def decide(agents: ManagedAgents, session: ManagedSession) -> None:
            asks = agents.row(session).asks
            ask = next((one for one in asks if one.use == use), None)
            if ask is None:
                raise UsageError("it does not ask for that any more", where=short(session.id))
            await agents.orders.decide(session, ask, is_allowed=is_allowed, why=why)

        return self._order(identifier, decide)

    def lines(self, identifier: str) -> Future[tuple[ViewLine, ...]]:
        """Return its conversation."""

        async def lines() -> tuple[ViewLine, ...]:
            return await self._agents.lines(identifier)

        return self._call(lines())

    @property
    def _agents(self) -> ManagedAgents:
        return self._fleet.parts.managed

    def _order(
        self,
        identifier: str,
        work: Callable[[ManagedAgents, ManagedSession], Coroutine[None, None, None]],
    ) -> Future[None]:
        async def run() -> None:
            self._fleet.require_leading()
            agents = self._agents
            await work(agents, agents.named(identifier))

        return self._call(run())
