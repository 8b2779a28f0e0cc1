"""The picture of daemons and schedules that faces show, from the book, the locks, the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.health.daemons_seat import holder
from fleet_tui.health.daemons_times import left_out, next_start, sane
from fleet_tui.model.daemons_view import DaemonsView, DutyView, StartView

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from fleet_tui.context import FleetContext
    from fleet_tui.health.daemons_book import Book, Kept, Start
    from fleet_tui.health.daemons_following import Following
    from fleet_tui.health.daemons_settings import Duty
    from fleet_tui.model.daemons_view import DutyState

RECENT = 8
"""Starts of each that are shown."""


class Picture:
    """Makes it; safe in a thread."""

    def __init__(
        self, context: FleetContext, book: Book, following: Following, zone: tzinfo | None
    ) -> None:
        self._context = context
        self._book = book
        self._following = following
        self._zone = zone

    def make(
        self,
        duties: Sequence[Duty],
        seats: frozenset[str],
        finishing: frozenset[str],
        why: str,
    ) -> DaemonsView:
        """Return it; `seats` are those that this program runs, `finishing` those it only follows,
        and `why` says why nothing begins here. Raises JournalError."""
        now = self._context.clock.time()
        return DaemonsView(
            tuple(self._row(duty, now, duty.name in seats, finishing, why) for duty in duties)
        )

    def _row(
        self, duty: Duty, now: float, is_ours: bool, finishing: frozenset[str], why: str
    ) -> DutyView:
        kept = self._book.kept(duty, now)
        starts = self._book.recent(duty.name, RECENT)
        who = holder(self._context.data_dir, duty.name)
        last = starts[0] if starts else None
        state, since = self._state(duty, kept, last, who, now)
        if duty.name in finishing:
            state = "finishing"
        return DutyView(
            name=duty.name,
            kind=duty.kind,
            target=duty.target,
            prompt=duty.prompt,
            rhythm=str(duty.rhythm),
            state=state,
            state_since=since,
            next_at=self._next(duty, kept, state, now),
            mode=duty.mode,
            agent=duty.agent or "",
            budget_usd=duty.budget_usd,
            mcp=duty.mcp,
            recent=tuple(_start(start) for start in starts),
            failures=kept.failures,
            skipped=kept.skipped,
            holder=who,
            is_ours=is_ours,
            why=why,
        )

    def _state(
        self, duty: Duty, kept: Kept, last: Start | None, who: str, now: float
    ) -> tuple[DutyState, float | None]:
        ended_at = last.ended_at if last is not None else kept.past.since
        if last is not None and last.ended_at is None:
            runs = self._following.runs_of(last.dispatch)
            is_parked = self._following.parked_until(runs) is not None
            return ("parked" if is_parked else "running" if who else "idle"), last.begun_at
        if kept.is_paused:
            return "paused", kept.changed_at
        if duty.must_be_confirmed and kept.confirmed != duty.digest:
            return "unconfirmed", ended_at
        if not who:
            return "idle", ended_at
        is_resting = kept.rest_until is not None and now < kept.rest_until
        return ("resting" if is_resting else "waiting"), ended_at

    def _next(self, duty: Duty, kept: Kept, state: DutyState, now: float) -> float | None:
        if state in ("paused", "unconfirmed", "finishing"):
            return None
        past = sane(kept.past, now)
        if state in ("running", "parked"):  # what comes due before its end is left out
            past = left_out(duty.rhythm, past, now, self._zone)
        if kept.rest_until is not None and now < kept.rest_until:
            past = left_out(duty.rhythm, past, kept.rest_until, self._zone)
        return next_start(duty.rhythm, past, self._zone)


def _start(start: Start) -> StartView:
    return StartView(
        dispatch=start.dispatch,
        begun_at=start.begun_at,
        ended_at=start.ended_at,
        outcome=start.outcome,
        said=start.said,
        succeeded=start.succeeded,
        runs=start.runs,
        cost_usd=start.cost_usd,
        cost_is_complete=start.cost_is_complete,
        is_by_hand=start.is_by_hand,
    )
