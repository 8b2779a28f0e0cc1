"""The heartbeats of daemons and schedules: a file each, which all programs of a machine read."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.health import beat_files
from fleet_tui.health.beats import FOLDER
from fleet_tui.model.errors import FleetError
from fleet_tui.model.task import Beat

if TYPE_CHECKING:
    from fleet_tui.context import FleetContext
    from fleet_tui.model.daemons_view import DaemonsView, DutyView

BEATS_A_THRESHOLD = 5
"""Beats in the time after which a silent one is called stale."""
MOST_SECONDS = 30.0


class DaemonBeats:
    """Beats for the daemons that this program runs."""

    def __init__(self, context: FleetContext) -> None:
        self._context = context
        self._folder = context.data_dir / FOLDER
        self._every = min(MOST_SECONDS, context.config.defaults.stale_after / BEATS_A_THRESHOLD)
        self._beaten: dict[str, tuple[float, str]] = {}
        self._count = 0

    async def show(self, view: DaemonsView, names: frozenset[str]) -> None:
        """Beat for these where it is time, or they have something else to say.

        Raises FleetError.
        """
        now = self._context.clock.monotonic()
        for row in view.rows:
            at, word = self._beaten.get(row.name, (None, ""))
            is_time = at is None or now - at >= self._every or word != _word(row)
            if row.name in names and is_time:
                await self._beat(row)
                self._beaten[row.name] = (now, _word(row))

    async def end(self, name: str) -> None:
        """Take a heartbeat away: who ends on purpose is not dead."""
        if self._beaten.pop(name, None) is None:
            return
        try:
            await asyncio.to_thread(beat_files.end, self._folder, name)
        except OSError:
            return  # it goes stale instead, and is seen

    async def _beat(self, row: DutyView) -> None:
        self._count += 1
        standing = self._context.standing
        beat = Beat(
            row.name,
            counter=f"{self._context.owner}.{self._count}",
            host=standing.name if standing is not None else "",
            kind=row.kind,
            word=_word(row),
            doing=(row.recent[0].dispatch,) if row.state in ("running", "parked") else (),
            is_paused=row.state == "paused",
        )
        try:
            await asyncio.to_thread(beat_files.show, self._folder, beat)
        except OSError as error:
            raise FleetError(
                f"a heartbeat cannot be written: {error.strerror}", where=str(self._folder)
            ) from None


def _word(row: DutyView) -> str:
    last = row.last
    if row.state != "waiting" or last is None:
        return row.state
    return f"{last.outcome}: {last.said}" if last.said else last.outcome
