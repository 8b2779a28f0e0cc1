"""Runs found by filter, in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_tui.journal import RunStore
from fleet_tui.model.run import Dispatch, Run
from fleet_tui.model.run_filter import parse_filter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_tui.model.run import AgentName, Outcome, RunState

NOW = 100_000.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    store = RunStore(tmp_path / "state")
    told: list[tuple[str, AgentName, RunState, Outcome, float | None, float, str, str]] = [
        ("web01", "claude", "succeeded", "ok", 0.5, 1000, "mend 100% of the cart", "Mended."),
        ("web02", "claude", "failed", "auth", None, 2000, "mend_it", ""),
        ("nas", "codex", "succeeded", "ok", 0.05, 3000, "count", "There are TWO carts."),
        ("nas", "shell", "lost", "error", 0.0, 4000, "uptime", ""),
    ]
    for place, (host, agent, state, outcome, cost, ago, prompt, answer) in enumerate(told):
        at = NOW - ago
        run = Run(
            f"r-{place}",
            f"d-{place}",
            host,
            agent,
            "read",
            state,
            outcome,
            cost_usd=cost,
            created_at=at,
            finished_at=at + 1,
        )
        dispatch = Dispatch(f"d-{place}", host, prompt, agent, "read", "operator", "me@here", 1, at)
        store.add_dispatch(dispatch, [run], "o")
        store.finish_runs([(run, answer)])
    yield store
    store.close()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("", "0123"),
        ("host:web*", "01"),
        ("host:web01,nas", "023"),
        ("agent:codex", "2"),
        ("state:failed", "1"),
        ("state:auth,lost", "13"),
        ("outcome:ok cost>0.1", "0"),
        ("cost<0.2", "23"),
        ("since:40m", "01"),
        ("until:40m", "23"),
        ("since:60m until:20m", "12"),
        ("cart", "02"),
        ("two", "2"),
        ("mend it", "1"),
        ("100%", "0"),
        ("mend_", "1"),
        ("'; DROP TABLE runs; --", ""),
        ("origin:queue", ""),
        ("mode:read", "012"),
    ],
)
def test_what_fits(store: RunStore, line: str, found: str) -> None:
    runs = store.history(parse_filter(line, NOW), 10)
    assert "".join(past.run.id[-1] for past in runs) == found


def test_a_page_at_a_time_with_prompt_and_answer(store: RunStore) -> None:
    everything = parse_filter("", NOW)
    (first,) = store.history(everything, 1)
    assert (first.prompt, first.answer) == ("mend 100% of the cart", "Mended.")
    assert [past.run.id for past in store.history(everything, 2, 1)] == ["r-1", "r-2"]
    assert store.history(everything, 5, 4) == []


def test_a_run_by_the_end_of_its_id(store: RunStore) -> None:
    assert [run.id for run in store.runs_named("-2")] == ["r-2"]
    assert store.runs_named("%") == []


def test_its_indexes_are_used(store: RunStore) -> None:
    for line in ("host:nas", "state:failed", ""):
        conditions, values = _where(line)
        plan = store._rows(
            f"EXPLAIN QUERY PLAN SELECT 1 FROM runs LEFT JOIN dispatches d "
            f"ON d.id = runs.dispatch {conditions} ORDER BY runs.created_at DESC LIMIT 9",
            values,
        )
        assert "USING INDEX" in str(plan) or "COVERING INDEX" in str(plan)


def _where(line: str) -> tuple[str, list[object]]:
    from fleet_tui.journal.history import where

    return where(parse_filter(line, NOW))
