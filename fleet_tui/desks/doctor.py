"""The doctor for a face."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.target import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.findings import HostReport


class DoctorDesk:
    """Implements `model.doctor_control.DoctorControl`."""

    def __init__(
        self, call: Callable[[Coroutine[None, None, object]], Future[object]], fleet: Fleet
    ) -> None:
        self._call = call
        self._fleet = fleet

    def examine(self, target: str) -> Future[tuple[HostReport, ...]]:
        """Examine the hosts of a target."""

        async def work() -> tuple[HostReport, ...]:
            return await self._fleet.doctor(resolve(target, self._fleet.config.hosts))

        return self._call(work())  # type: ignore[return-value]
