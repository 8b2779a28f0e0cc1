"""Notices for a face: every call goes to the core's loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fleet_tui.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from concurrent.futures import Future

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.routes_view import PhoneButton


class NoticesDesk:
    """Implements `model.notices_control.NoticesControl`."""

    def __init__(self, call: Callable[[Coroutine[None, None, Any]], Future[Any]], fleet: Fleet):
        self._call = call
        self._fleet = fleet

    def acknowledge(self, notices: Sequence[str]) -> Future[int]:
        """Say that the operator knows of these."""
        return self._call(self._acknowledge(list(notices)))

    def mute(self, event: str, source: str, seconds: float) -> Future[None]:
        """Send notices of this kind from there nowhere for so long."""
        return self._call(self._mute(event, source, seconds))

    def buttons(self, notice: str) -> Future[tuple[PhoneButton, ...]]:
        """Return the buttons of a question that lie on this fleet's own receiver."""
        return self._call(self._buttons(notice))

    def press(self, notice: str, decision: str) -> Future[str]:
        """Press one as a telephone does."""
        return self._call(self._press(notice, decision))

    def test(self, route: str) -> Future[str]:
        """Send a test message on a route now."""
        return self._call(self._test(route))

    async def _buttons(self, notice: str) -> tuple[PhoneButton, ...]:
        return await self._fleet.parts.notices.phone.telephone.buttons(notice)

    async def _press(self, notice: str, decision: str) -> str:
        return await self._fleet.parts.notices.phone.telephone.press(notice, decision)

    async def _acknowledge(self, notices: list[str]) -> int:
        return await self._fleet.parts.notices.acknowledge(notices, self._fleet.by)

    async def _mute(self, event: str, source: str, seconds: float) -> None:
        await self._fleet.parts.notices.mute(event, source, seconds)

    async def _test(self, route: str) -> str:
        desk = self._fleet.parts.notices
        if route not in desk.routes:
            raise UsageError(f"no route is called {route!r}")
        answer = await desk.test(route)
        return f"{answer.state}, {answer.text}"
