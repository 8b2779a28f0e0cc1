"""Keeps the store's rows of open runs true enough to go on from after a crash."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.model.events import RunChanged, RunFinished

if TYPE_CHECKING:
    from fleet_tui.journal import RunStore
    from fleet_tui.model.events import Event
    from fleet_tui.model.run import Run

DELAY_SECONDS = 0.1
"""Runs that end within it are never written as running."""


class StateKeeper:
    """Listens to the bus; writes runs that have started, many in one transaction."""

    def __init__(self, store: RunStore) -> None:
        self._store = store
        self._waiting: dict[str, Run] = {}
        self._timer: asyncio.TimerHandle | None = None

    def heard(self, event: Event) -> None:
        """Take one event of the bus."""
        if isinstance(event, RunChanged) and event.run.state == "running":
            self._waiting[event.run.id] = event.run
            if self._timer is None:
                loop = asyncio.get_running_loop()
                self._timer = loop.call_later(DELAY_SECONDS, self.write)
        elif isinstance(event, RunFinished):
            self._waiting.pop(event.run.id, None)

    def write(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        waiting, self._waiting = self._waiting, {}
        if waiting:
            self._store.update_runs(waiting.values())
