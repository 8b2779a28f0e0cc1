"""Costs as the screen sees them, in memory."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from fleet_tui.model.costs_view import CostCell, make_report
from tests.tui.answers import done

if TYPE_CHECKING:
    from concurrent.futures import Future

    from fleet_tui.model.costs_view import CostReport

PLACE = "/state/exports/costs-2026-05-18.csv"


class FakeCosts:
    """Three days of work by two agents."""

    def __init__(self, now: float) -> None:
        self.today = datetime.fromtimestamp(now, UTC).date()
        self.exported: list[int] = []
        self.asked: list[int] = []

    def report(self, days: int) -> Future[CostReport]:
        self.asked.append(days)
        names = [(self.today - timedelta(days=days - 1 - n)).isoformat() for n in range(days)]
        table = (
            (names[-1], "web01", "claude", "claude-opus-5-5", 1.25, 3, 0, ""),
            (names[-1], "nas1", "codex", "gpt-5-codex", 0.4, 2, 1, "2026-05-01"),
            (names[-2], "web01", "claude", "claude-opus-5-5", 2.0, 4, 0, ""),
            (names[-5], "cloud1", "claude", "claude-sonnet-5-5", 0.3, 1, 0, ""),
        )
        cells = [CostCell(*row) for row in table]
        return done(make_report(cells, names, cap_usd=10.0, left_usd=8.35))

    def export(self, days: int) -> Future[str]:
        self.exported.append(days)
        return done(PLACE)
