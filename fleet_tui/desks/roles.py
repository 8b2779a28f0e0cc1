"""Roles for a face: every call goes to the core's loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_tui.model.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.roles_view import Preflight


class RolesDesk:
    """Implements `model.roles_control.RolesControl`."""

    def __init__(
        self, call: Callable[[Coroutine[None, None, Any]], Future[Any]], fleet: Fleet
    ) -> None:
        self._call = call
        self._fleet = fleet

    def preflight(self, host: str) -> Future[Preflight]:
        """Look at what a promotion depends on."""
        return self._call(self._preflight(host))

    def promote(self, host: str, typed: str) -> Future[int]:
        """Promote a host whose name was typed."""
        return self._call(self._promote(host, typed))

    def look(self) -> Future[int]:
        """Ask the remote and every mirror."""
        return self._call(self._look())

    async def _preflight(self, host: str) -> Preflight:
        return await self._fleet.parts.roles.preflight(host)

    async def _promote(self, host: str, typed: str) -> int:
        self._fleet.require_keeping()
        if self._fleet.is_read_only:
            raise Refused("this program is read-only", mend="start it without --read-only")
        return (await self._fleet.parts.roles.promote(host, typed)).epoch

    async def _look(self) -> int:
        roles = self._fleet.parts.roles
        await roles.learn()
        return len(await roles.look_at_mirrors())
