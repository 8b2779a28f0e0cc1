"""Daemons and schedules for a face: start one now, pause it, confirm it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from concurrent.futures import Future

    from fleet_tui.fleet import Fleet
    from fleet_tui.health.daemons import Daemons


class DaemonsDesk:
    """Implements `model.daemons_control.DaemonsControl`."""

    def __init__(
        self, call: Callable[[Coroutine[None, None, Any]], Future[Any]], fleet: Fleet
    ) -> None:
        self._call = call
        self._fleet = fleet

    def run_now(self, name: str) -> Future[None]:
        """Let whoever runs it start it once."""
        return self._order(lambda daemons: daemons.run_now(name))

    def pause(self, name: str, is_paused: bool) -> Future[None]:
        """Let it start nothing by itself, or go on."""
        return self._order(lambda daemons: daemons.pause(name, is_paused))

    def confirm(self, name: str) -> Future[None]:
        """Let it write as it stands."""
        return self._order(lambda daemons: daemons.confirm(name))

    def _order(self, work: Callable[[Daemons], Awaitable[None]]) -> Future[None]:
        async def run() -> None:
            self._fleet.require_leading()
            daemons = self._fleet.parts.daemons
            await work(daemons)
            await daemons.look()

        return self._call(run())
