"""Runs ended on request: ours by the ladder, those of other programs by asking those programs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.dispatch.closing import cancel_entry
from fleet_tui.dispatch.mailslot import CancelSlot
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from fleet_tui.dispatch.dispatcher import Dispatcher
    from fleet_tui.dispatch.recovery import Who
    from fleet_tui.journal import FleetLog, RunStore

LOOK_SECONDS = 0.5
"""How often another program's requests are looked for while runs are open."""


class Canceller:
    """Ends runs, whichever program of this machine carries them out."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        log: FleetLog,
        store: RunStore,
        who: Who,
        spawn: Callable[[Coroutine[None, None, None]], None],
    ) -> None:
        self._dispatcher = dispatcher
        self._log = log
        self._store = store
        self._who = who
        self._spawn = spawn
        self._slot = CancelSlot(store.path.parent)
        self._is_looking = False

    async def cancel(self, run_ids: Sequence[str], *, by: str = "") -> int:
        """Ask these runs to end; returns how many were still open. `by` says who, if not we."""
        tasks = self._dispatcher.cancel(run_ids)
        mine = {task.run.id for task in tasks}
        others = [
            run.id
            for run in (self._store.get_run(i) for i in run_ids if i not in mine)
            if run is not None and run.is_open and self._dispatcher.task(run.id) is None
        ]
        if others:
            self._slot.ask(others, self._who.by)
        if tasks:
            who, epoch = by or self._who.by, self._who.epoch()
            entries = [cancel_entry(task.run, who, epoch) for task in tasks]
            await self._log.append(entries, durable=False)
        return len(tasks) + len(others)

    def watch(self) -> None:
        """Hear other programs' requests from now on until no run is open here."""
        if not self._is_looking:
            self._is_looking = True
            self._spawn(self._look())

    async def _look(self) -> None:
        try:
            while live := self._dispatcher.live:
                mine = {run for dispatch in live for run in dispatch.tasks}
                for run, by in self._slot.take(mine):
                    await self.cancel([run], by=one_line(by))
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self._is_looking = False
