"""The costs for a face."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from fleet_tui.dispatch.cost_report import cost_report, save_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Future

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.costs_view import CostReport

T = TypeVar("T")


class CostsDesk:
    """Implements `model.costs_control.CostsControl`; reads in threads."""

    def __init__(
        self, call: Callable[[Coroutine[None, None, object]], Future[object]], fleet: Fleet
    ) -> None:
        self._call = call
        self._fleet = fleet

    def report(self, days: int) -> Future[CostReport]:
        """Add up the last days."""
        return self._in_thread(lambda: self._report(days))

    def export(self, days: int) -> Future[str]:
        """Write the report as CSV to a new file."""
        return self._in_thread(lambda: self._export(days))

    def _report(self, days: int) -> CostReport:
        fleet = self._fleet
        return cost_report(fleet.store, fleet.spending, fleet.clock, fleet.config, days)

    def _export(self, days: int) -> str:
        today = datetime.fromtimestamp(self._fleet.clock.time()).date()
        return str(save_csv(self._report(days), self._fleet.data_dir, today))

    def _in_thread(self, work: Callable[[], T]) -> Future[T]:
        async def run() -> T:
            return await asyncio.to_thread(work)

        return self._call(run())  # type: ignore[return-value]
