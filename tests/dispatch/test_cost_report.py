from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from fleet_tui.dispatch.cost_report import as_csv, cost_report, save_csv
from fleet_tui.dispatch.spending import Spending
from fleet_tui.journal import RunStore
from fleet_tui.journal.cost_cells import QUERY
from fleet_tui.model.config import Budget, FleetConfig
from fleet_tui.model.costs_view import sparkline
from fleet_tui.model.errors import UsageError
from fleet_tui.model.run import Dispatch, Run
from tests.tui.fixed_clock import FixedClock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_tui.model.costs_view import CostReport

NOON = datetime(2026, 11, 20, 12, 0).timestamp()
DAY = 86_400.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    opened = RunStore(tmp_path)
    runs = [
        run(1, "web01", 1.25, "claude-opus-5-5"),
        run(2, "web02", 0.75, "claude-opus-5-5"),
        run(3, "web01", 0.5, "claude-sonnet-5-5", days_ago=1),
        run(4, "nas", 0.25, "gpt-5-codex", agent="codex", priced_as_of="2026-11-01"),
        run(5, "nas", None, None, agent="codex"),
        run(6, "nas", 0.0, None, agent="shell"),
        run(7, "web01", 9.0, "claude-opus-5-5", days_ago=40),
        replace(run(8, "web01", None, None), finished_at=None, state="running", budget_usd=0.5),
    ]
    dispatch = Dispatch("d-1", "all", "x", "claude", "read", "operator", "me", 1, NOON)
    opened.add_dispatch(dispatch, runs, "o-1")
    yield opened
    opened.close()


def run(number: int, host: str, usd: float | None, model: str | None, **more: object) -> Run:
    days_ago = more.pop("days_ago", 0)
    assert isinstance(days_ago, int)
    at = NOON - days_ago * DAY
    made = Run(f"r-{number}", "d-1", host, "claude", "read", "failed", cost_usd=usd, model=model)
    return replace(made, created_at=at, started_at=at, finished_at=at, **more)  # type: ignore[arg-type]


def report(store: RunStore, days: int = 7) -> CostReport:
    clock = FixedClock(NOON)
    config = FleetConfig(budget=Budget(usd_per_day=10.0))
    return cost_report(store, Spending(store, clock), clock, config, days)


def rows(found: CostReport, grouping: str) -> list[tuple[str, float, int, int]]:
    return [(r.name, r.usd, r.runs, r.unknown) for r in found.rows[grouping]]  # type: ignore[index]


def test_costs_by_day_host_agent_and_model(store: RunStore) -> None:
    found = report(store)
    today = date(2026, 11, 20)
    assert found.days == tuple((today - timedelta(days=n)).isoformat() for n in range(6, -1, -1))
    assert rows(found, "day")[-2:] == [("2026-11-19", 0.5, 1, 0), ("2026-11-20", 2.25, 5, 1)]
    assert rows(found, "day")[0] == ("2026-11-14", 0.0, 0, 0), "a day without runs is there too"
    assert rows(found, "host") == [
        ("web01", 1.75, 3, 0),
        ("web02", 0.75, 1, 0),
        ("nas", 0.25, 2, 1),
    ]
    assert rows(found, "agent") == [("claude", 2.5, 4, 0), ("codex", 0.25, 2, 1)]
    assert [name for name, *_ in rows(found, "model")] == [
        "claude-opus-5-5",
        "claude-sonnet-5-5",
        "gpt-5-codex",
        "not named",
    ]
    assert (found.usd, found.runs, found.unknown) == (2.75, 6, 1)
    assert found.priced_as_of == "2026-11-01"
    assert found.left_usd == 10.0 - 2.25 - 0.5, "an open run may still cost its budget"


def test_the_store_answers_from_an_index(store: RunStore) -> None:
    plan = str(store.rows(f"EXPLAIN QUERY PLAN {QUERY}", (0.0,)))
    assert "SEARCH runs USING INDEX runs_by_end" in plan


@pytest.mark.parametrize("days", [0, -1, 100_000])
def test_days_that_cannot_be_added_up(store: RunStore, days: int) -> None:
    with pytest.raises(UsageError, match="days cannot be added up"):
        report(store, days)


def test_csv_is_read_back_and_holds_no_formula(store: RunStore, tmp_path: Path) -> None:
    evil = run(9, "web01", 0.1, "=cmd()|' /C calc'!A0")
    store.add_dispatch(
        Dispatch("d-2", "all", "x", "claude", "read", "operator", "me", 1, NOON), [evil], "o-1"
    )
    found = list(csv.DictReader(io.StringIO(as_csv(report(store)))))
    assert {row["by"] for row in found} == {"day", "host", "agent", "model"}
    assert not any(row["name"].startswith(("=", "+", "-", "@")) for row in found)
    by_host = {row["name"]: float(row["usd"]) for row in found if row["by"] == "host"}
    assert by_host["web02"] == 0.75
    first = save_csv(report(store), tmp_path, date(2026, 11, 20))
    second = save_csv(report(store), tmp_path, date(2026, 11, 20))
    assert (first.name, second.name) == ("costs-2026-11-20.csv", "costs-2026-11-20-2.csv")
    assert first.stat().st_mode & 0o777 == 0o600
    assert first.read_text() == as_csv(report(store))


def test_a_folder_that_cannot_be_written_is_told(store: RunStore, tmp_path: Path) -> None:
    (tmp_path / "exports").write_text("a file")
    with pytest.raises(UsageError, match="cannot be written"):
        save_csv(report(store), tmp_path, date(2026, 11, 20))


def test_bars() -> None:
    assert sparkline([0, 1, 2, 4]) == "·▃▅█"
    assert sparkline([0, 0]) == "··"
    assert sparkline([]) == ""
