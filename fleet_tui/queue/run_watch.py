"""Waits for the end of runs, whichever program of this machine follows them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.model.events import RunFinished

if TYPE_CHECKING:
    from fleet_tui.context import FleetContext
    from fleet_tui.model.events import Event
    from fleet_tui.model.run import Run

STORE_SECONDS = 2.0
"""How often the store is asked for a run that another program follows."""


class RunWatch:
    """Hears the bus; `close` stops that."""

    def __init__(self, context: FleetContext) -> None:
        self._store = context.store
        self._waiting: dict[str, asyncio.Future[tuple[Run, str]]] = {}
        self.close = context.bus.subscribe(self._heard)

    async def end_of(self, run_id: str) -> tuple[Run, str]:
        """Return the final record of a run and its answer, once it is over."""
        future = self._waiting.get(run_id)
        if future is None:
            future = asyncio.get_running_loop().create_future()
            self._waiting[run_id] = future
        try:
            while True:
                run = self._store.get_run(run_id)
                if run is not None and not run.is_open:
                    return run, self._store.answer(run_id)
                done, _ = await asyncio.wait([future], timeout=STORE_SECONDS)
                if done:
                    return future.result()
        finally:
            self._waiting.pop(run_id, None)

    def _heard(self, event: Event) -> None:
        if isinstance(event, RunFinished):
            future = self._waiting.get(event.run.id)
            if future is not None and not future.done():
                future.set_result((event.run, event.answer))
