"""Makes one start of a daemon and follows it until all of its runs are over, parked ones too."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.health.daemons_ending import ended, not_made
from fleet_tui.journal.parked import LIMITS, ParkedRows
from fleet_tui.model.errors import FleetError
from fleet_tui.model.events import PartChanged, RunFinished
from fleet_tui.model.parking_view import ParkingView

if TYPE_CHECKING:
    from fleet_tui.context import FleetContext
    from fleet_tui.health.daemons_book import Start
    from fleet_tui.model.events import Event
    from fleet_tui.model.request import DispatchRequest
    from fleet_tui.model.run import Run

LOOK_SECONDS = 2.0
"""How often the store is asked for runs that another program follows."""


class Following:
    """Hears the bus; `close` stops that."""

    def __init__(self, context: FleetContext) -> None:
        self._context = context
        self._parked = ParkedRows(context.store)
        self._changed: set[asyncio.Event] = set()
        self.close = context.bus.subscribe(self._heard)

    async def make(self, start: Start, request: DispatchRequest) -> Start | None:
        """Dispatch; returns how it ended when the gate or the journal let nothing begin."""
        assert self._context.dispatch is not None
        try:
            await self._context.dispatch(request)
        except FleetError as error:
            outcome = "refused" if error.exit_code == 3 else "failed"
            now = self._context.clock.time()
            return not_made(start, outcome, str(error), now)  # type: ignore[arg-type]
        return None

    async def end_of(self, start: Start) -> tuple[Start, list[Run]]:
        """Return a start with its end, and its runs, once all of them are over."""
        store = self._context.store
        changed = asyncio.Event()
        self._changed.add(changed)
        try:
            while True:
                changed.clear()
                if store.get_dispatch(start.dispatch) is None:
                    why = "the program ended before this start was made; it was not made again"
                    return not_made(start, "not-started", why, self._context.clock.time()), []
                runs = self.runs_of(start.dispatch)
                if not any(run.is_open for run in runs) and self.parked_until(runs) is None:
                    answers = {run.id: store.answer(run.id) for run in runs}
                    paid = [run for chain in self._chains(start.dispatch) for run in chain]
                    return ended(start, runs, paid, answers, self._context.clock.time()), runs
                await _within(changed, LOOK_SECONDS)
        finally:
            changed.set()
            self._changed.discard(changed)

    def runs_of(self, dispatch: str) -> list[Run]:
        """Return the runs of a dispatch; those a limit ended as what has gone on for them."""
        return [chain[-1] for chain in self._chains(dispatch)]

    def parked_until(self, runs: list[Run]) -> float | None:
        """Return when the last of these runs goes on that a limit ended; None when none will."""
        ids = {run.id for run in runs}
        return max((one.due_at for one, _ in self._parked.all() if one.run in ids), default=None)

    def _chains(self, dispatch: str) -> list[list[Run]]:
        """Return each run of a dispatch with those that went on for it, oldest first."""
        return [self._chain(run) for run in self._context.store.runs_of(dispatch)]

    def _chain(self, run: Run) -> list[Run]:
        if run.outcome not in LIMITS or not run.session:
            return [run]
        later = self._context.store.runs_of_session(run.session)
        return [run, *(one for one in later if (one.created_at, one.id) > (run.created_at, run.id))]

    def _heard(self, event: Event) -> None:
        is_parking = isinstance(event, PartChanged) and isinstance(event.view, ParkingView)
        if is_parking or isinstance(event, RunFinished):
            for changed in self._changed:
                changed.set()


async def _within(changed: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await changed.wait()
    except TimeoutError:
        return
