"""What a person is told of daemons and schedules; each thing once, also after a crash."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.config.durations import show_duration
from fleet_tui.health.daemons_ending import TOLD_AFTER, alert_of
from fleet_tui.model.events import NoticeRaised
from fleet_tui.model.notice import Notice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.context import FleetContext
    from fleet_tui.health.daemons_book import Start
    from fleet_tui.health.daemons_settings import Duty
    from fleet_tui.health.daemons_times import Due
    from fleet_tui.model.run import Run


class DaemonNotices:
    """Raises them on the bus. Keys are made of ids, so that a repeat replaces what it repeats."""

    def __init__(self, context: FleetContext) -> None:
        self._context = context

    def alerts(self, duty: Duty, runs: Sequence[Run]) -> None:
        """Tell of every answer that begins with ALERT."""
        for run in runs:
            text = alert_of(self._context.store.answer(run.id)) if not run.is_open else ""
            if text:
                now = self._context.clock.time()
                key, told = f"daemon/{duty.name}/alert/{run.id}", f"{duty.name}: {text}"
                notice = Notice(key, now, "warning", "daemon-alert", run.host, told, run=run.id)
                self._context.bus.publish(NoticeRaised(notice))

    def ended(self, duty: Duty, start: Start, failures: int, told: str) -> str:
        """Tell of the begin or the end of an episode of failures, and of a start not made.

        Returns the key of the episode that lasts; empty when none does.
        """
        who = f"{duty.kind} {duty.name}"
        if start.outcome == "not-started":
            key = f"daemon/{duty.name}/not-started/{start.dispatch}"
            self._tell(key, "warning", "daemon-not-started", f"{who}: {start.said}")
        if start.outcome == "ok" and told:
            self._tell(f"{told}/over", "info", "daemon-back", f"{who} succeeds again")
            return ""
        if told or failures < TOLD_AFTER[duty.kind]:
            return told
        key = f"daemon/{duty.name}/failing/{start.dispatch}"
        times = f" {failures} times in a row" if failures > 1 else ""
        self._tell(key, "error", "daemon-failing", f"{who} failed{times}: {start.said}")
        return key

    def made_up(self, duty: Duty, due: Due) -> None:
        """Tell that one start stands for those that nobody made."""
        assert due.first_missed is not None
        late = self._context.clock.time() - due.first_missed
        count = f"{due.missed} starts were" if due.missed > 1 else "a start was"
        text = f"{duty.kind} {duty.name}: {count} missed, the first {_span(late)} ago; made up once"
        self._tell(f"daemon/{duty.name}/missed/{due.first_missed}", "info", "daemon-missed", text)

    def unconfirmed(self, duty: Duty) -> None:
        """Ask a person to confirm one that may write."""
        text = (
            f"{duty.kind} {duty.name} may write and starts nothing until that is confirmed: "
            f"`fleet-tui daemon confirm {duty.name}`"
        )
        key = f"daemon/{duty.name}/confirm/{duty.digest}"
        self._tell(key, "warning", "daemon-unconfirmed", text)

    def broken(self, why: str) -> None:
        """Tell why nothing can be started at all."""
        self._tell("daemons/broken", "error", "daemons-broken", why)

    def _tell(self, key: str, severity: str, event: str, text: str) -> None:
        self._context.notice(key, severity, event, "fleet", text)  # type: ignore[arg-type]


def _span(seconds: float) -> str:
    for unit in (86_400.0, 3_600.0, 60.0):
        if seconds >= 2 * unit:
            return show_duration(seconds // unit * unit)
    return f"{seconds:.0f}s"
