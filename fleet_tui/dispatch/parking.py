"""Runs that a limit ended wait for its end here, and then go on by themselves.

What is parked stands in the store, so that it outlives the program; one program at a time, its
owner, sees to it. Nothing is tried at once again: the pauses grow.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from fleet_tui.dispatch.asking import asked_with
from fleet_tui.dispatch.backoff import MOST_ATTEMPTS, resume_at
from fleet_tui.journal.owner import is_alive
from fleet_tui.journal.parked import LIMITS, ParkedRows
from fleet_tui.model.errors import FleetError
from fleet_tui.model.events import DispatchStarted, PartChanged, RunFinished
from fleet_tui.model.parking_view import ParkedRun, ParkingView
from fleet_tui.model.request import DispatchRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fleet_tui.context import FleetContext, Started
    from fleet_tui.model.events import Event
    from fleet_tui.model.run import Dispatch, Run

GO_ON = "Go on where you were: the limit that stopped you is over."
"""What an agent is told that goes on; its task stands in its session."""
LOOK_SECONDS = 30.0
"""A timer set for longer would miss that the machine slept, or its clock was set."""


class Parking:
    """Parks, resumes and lets go; part of a fleet."""

    def __init__(
        self, context: FleetContext, *, jitter: Callable[[], float] = random.random
    ) -> None:
        """Listen to the bus; `jitter` returns a number from 0 to 1."""
        self._context = context
        self._rows = ParkedRows(context.store)
        self._jitter = jitter
        self._mine: dict[str, ParkedRun] = {}
        self._onward: dict[str, asyncio.Future[Started | None]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._unsubscribe = context.bus.subscribe(self._heard)

    async def start(self) -> None:
        """See also to what programs that are gone have parked."""
        self.take_up()
        self.publish()

    async def close(self) -> None:
        """Stop; what is parked stays in the store for the next program."""
        self._unsubscribe()
        if self._timer is not None:
            self._timer.cancel()
        for waiting in self._onward.values():
            waiting.cancel()

    @property
    def mine(self) -> tuple[str, ...]:
        """The runs that this program has parked."""
        return tuple(self._mine)

    def all(self) -> dict[str, ParkedRun]:
        """Return what is parked, of all programs."""
        return {parked.run: parked for parked, _ in self._rows.all()}

    def take_up(self) -> None:
        """Take over what programs that are gone have parked."""
        for parked, owner in self._rows.all():
            context = self._context
            if owner == context.owner or is_alive(context.data_dir, owner):
                continue
            if self._rows.take(parked.run, context.owner, owner):
                self._keep(parked)
        self._arm()

    def release(self, runs: Iterable[str]) -> list[str]:
        """Let these runs be: they will not go on. Returns those that were parked."""
        released = [run for run in runs if self._rows.remove(run)]
        for run in released:
            self._forget(run, None)
        if released:
            self.publish()
        return released

    async def outcome(self, runs: Iterable[Run]) -> tuple[Run, ...]:
        """Return the ends of these runs, with what has gone on for those that were parked."""
        return tuple([await self._last(run) for run in runs])

    async def look(self) -> None:
        """Go on with what is due by the clock."""
        now = self._context.clock.time()
        for parked in [one for one in self._mine.values() if one.due_at <= now]:
            await self._go_on(parked)
        self._arm()

    def publish(self) -> None:
        """Tell the screen what is parked."""
        self._context.bus.publish(PartChanged(ParkingView(self.all())))

    # --- inside -----------------------------------------------------------------------------

    def _heard(self, event: Event) -> None:
        if isinstance(event, RunFinished) and event.run.outcome in LIMITS and event.run.session:
            dispatch = self._context.store.get_dispatch(event.run.dispatch)
            if dispatch is not None and dispatch.on_limit == "wait":
                self._park(event.run)
        elif isinstance(event, DispatchStarted) and self._mine:
            taken = {run.session for run in event.runs}
            stored = {one: self._context.store.get_run(one) for one in self._mine}
            self.release(i for i, run in stored.items() if run is None or run.session in taken)

    def _park(self, run: Run) -> None:
        attempt = len(self._rows.streak(run.session or "")) or 1
        context, now = self._context, self._context.clock.time()
        if attempt > MOST_ATTEMPTS:
            text = f"{run.host}: the limit ended this run {attempt} times; it does not go on"
            context.notice(f"parked/{run.id}", "error", "run-parked", run.host, text)
            return
        due = resume_at(run.resets_at, attempt, now, self._jitter())
        parked = ParkedRun(run.id, run.host, due, attempt, now, run.reason)
        self._rows.add(parked, context.owner)
        self._keep(parked)
        text = f"{run.host}: {run.reason or run.outcome}; goes on by itself in {_span(due - now)}"
        context.notice(f"parked/{run.id}", "warning", "run-parked", run.host, text)
        self.publish()
        self._arm()

    def _keep(self, parked: ParkedRun) -> None:
        self._mine[parked.run] = parked
        self._onward[parked.run] = asyncio.get_running_loop().create_future()

    def _forget(self, run: str, onward: Started | None) -> None:
        self._mine.pop(run, None)
        waiting = self._onward.get(run)
        if waiting is not None and not waiting.done():
            waiting.set_result(onward)

    async def _go_on(self, parked: ParkedRun) -> None:
        """Start the run that goes on; what the gate refuses is told, and stays ended."""
        context = self._context
        run = context.store.get_run(parked.run)
        before = context.store.get_dispatch(run.dispatch) if run is not None else None
        del self._mine[parked.run]
        onward: Started | None = None
        try:
            is_ours = self._rows.is_owned(parked.run, context.owner)
            if is_ours and run and before and self._rows.is_newest(run) and context.dispatch:
                onward = await context.dispatch(self._request(run, before))
        except FleetError as error:
            text = f"{parked.host}: could not go on after the limit: {error}"
            context.notice(f"parked/{parked.run}", "error", "run-parked", parked.host, text)
        if onward is not None:
            text = f"{parked.host}: goes on after the limit that ended it"
            context.notice(f"parked/{parked.run}", "info", "run-parked", parked.host, text)
        self._rows.remove(parked.run)
        self._forget(parked.run, onward)
        self.publish()

    def _request(self, run: Run, before: Dispatch) -> DispatchRequest:
        """Return what goes on with a run, with the rights that it had."""
        folder = self._context.data_dir / "runs" / run.id
        return DispatchRequest(
            target=run.host,
            prompt=GO_ON,
            agent=run.agent,
            mode=run.mode,
            origin=before.origin,
            budget_usd=run.budget_usd,
            timeout_seconds=before.timeout_seconds,
            session=run.session,
            can_ask=asked_with(folder) is not None,
            named_hosts=frozenset({run.host} if run.mode == "unrestricted" else ()),
            is_vouched_for=run.mode == "write" and before.origin != "operator",
            on_limit="wait",
            opens=frozenset(before.opens.split()),
            mcp=tuple(before.mcp.split()),
            workdir=before.workdir or None,
        )

    async def _last(self, run: Run) -> Run:
        while run.id in self._onward:
            started = await asyncio.shield(self._onward[run.id])
            if started is None:
                break
            (run,) = await started.finished
        return run

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._mine:
            wait = min(one.due_at for one in self._mine.values()) - self._context.clock.time()
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(
                min(max(wait, 0.0), LOOK_SECONDS), lambda: self._context.spawn(self.look())
            )


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
