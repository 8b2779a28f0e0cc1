"""Turns events into notices; equal troubles of one dispatch become one notice with a count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.events import (
    DispatchFinished,
    DispatchStarted,
    LinkChanged,
    NoticeRaised,
    RunFinished,
)
from fleet_tui.model.money import dollars
from fleet_tui.model.notice import Notice
from fleet_tui.model.target import fold
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.model.clock import Clock
    from fleet_tui.model.events import Event
    from fleet_tui.model.host import LinkState, LinkStatus
    from fleet_tui.model.notice import Severity
    from fleet_tui.model.run import Run

BY_THEMSELVES = frozenset({"daemon", "schedule"})


class NoticeWatch:
    """Listens to the bus and raises notices on it."""

    def __init__(self, clock: Clock, publish: Callable[[Event], None]) -> None:
        self._clock = clock
        self._publish = publish
        self._links: dict[str, LinkState] = {}
        self._troubles: dict[str, list[str]] = {}
        self._told_elsewhere: set[str] = set()
        """Dispatches that run by themselves again and again: their part tells of them."""

    def heard(self, event: Event) -> None:
        """Take one event of the bus."""
        if isinstance(event, DispatchStarted):
            if event.dispatch.origin in BY_THEMSELVES:
                self._told_elsewhere.add(event.dispatch.id)
        elif isinstance(event, RunFinished):
            if event.run.dispatch not in self._told_elsewhere:
                self._run_finished(event.run)
        elif isinstance(event, DispatchFinished):
            if event.dispatch.id not in self._told_elsewhere:
                self._dispatch_finished(event)
            self._told_elsewhere.discard(event.dispatch.id)
        elif isinstance(event, LinkChanged):
            self._link_changed(event.status)

    def _run_finished(self, run: Run) -> None:
        if run.state == "succeeded" and run.outcome != "denied":
            return
        key = f"{run.dispatch}/{run.state}/{run.outcome}"
        hosts = self._troubles.setdefault(key, [])
        hosts.append(run.host)
        severity: Severity = "error" if run.state in {"failed", "lost"} else "warning"
        told = {
            "succeeded": "finished, but something was denied",
            "timed-out": "timed out",
        }.get(run.state, run.state)
        why = f": {run.reason}" if run.reason else f" ({run.outcome})" if run.outcome else ""
        where = "" if len(hosts) == 1 else f" on {len(hosts)} hosts ({fold(hosts)})"
        self._raise(
            key,
            severity,
            f"run-{run.state}",
            run.host if len(hosts) == 1 else fold(hosts),
            f"{run.agent} {told}{where}{why}",
            run=run.id,
            count=len(hosts),
        )

    def _dispatch_finished(self, event: DispatchFinished) -> None:
        for key in [key for key in self._troubles if key.startswith(event.dispatch.id)]:
            del self._troubles[key]
        succeeded = sum(run.state == "succeeded" for run in event.runs)
        total = len(event.runs)
        cost = sum(run.cost_usd or 0.0 for run in event.runs)
        spent = f", {dollars(cost)}" if cost else ""
        seconds = (event.dispatch.finished_at or 0.0) - event.dispatch.created_at
        asked = one_line(event.dispatch.prompt, 60)
        self._raise(
            f"{event.dispatch.id}/finished",
            "info" if succeeded == total else "warning",
            "dispatch-finished",
            event.dispatch.target,
            f"{succeeded}/{total} succeeded in {seconds:.0f} s{spent}: {asked}",
            run=event.runs[0].id if event.runs else None,
        )

    def _link_changed(self, status: LinkStatus) -> None:
        before = self._links.get(status.host)
        if status.state in {"up", "down"}:
            self._links[status.host] = status.state
        if before == "up" and status.state == "down":
            self._raise(
                f"link/{status.host}/{status.since}",
                "error",
                "host-lost",
                status.host,
                f"contact lost: {status.reason}",
            )
        elif before == "down" and status.state == "up":
            self._raise(
                f"link/{status.host}/{status.since}",
                "info",
                "host-back",
                status.host,
                "contact again",
            )

    def _raise(
        self,
        key: str,
        severity: Severity,
        event: str,
        source: str,
        text: str,
        *,
        run: str | None = None,
        count: int = 1,
    ) -> None:
        self._publish(
            NoticeRaised(Notice(key, self._clock.time(), severity, event, source, text, run, count))
        )
