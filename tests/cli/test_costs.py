from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.journal import RunStore
from fleet_tui.model.run import Dispatch, Run
from tests.support.program import Program

if TYPE_CHECKING:
    from pathlib import Path


def spent(folder: Path) -> Program:
    """Return the program with two runs of today."""
    import time

    program = Program(folder)
    program.configure(["web01", "nas"], more="[budget]\nusd_per_day = 5.0")
    program.state.mkdir(parents=True)
    store = RunStore(program.state)
    now = time.time()
    runs = [
        Run("r-1", "d-1", "web01", "claude", "read", "succeeded", "ok", cost_usd=1.5, model="opus",
            created_at=now, started_at=now, finished_at=now),
        Run("r-2", "d-1", "nas", "codex", "read", "succeeded", "ok", cost_usd=0.25,
            created_at=now, started_at=now, finished_at=now, priced_as_of="2026-11-01"),
    ]  # fmt: skip
    dispatch = Dispatch("d-1", "all", "x", "claude", "read", "operator", "me", 1, now)
    store.add_dispatch(dispatch, runs, "o-1")
    store.close()
    return program


def test_costs_for_people_and_for_programs(tmp_path: Path) -> None:
    program = spent(tmp_path)
    done = program.run("costs", "--days", "3")
    assert done.code == 0
    assert "$1.75 in 3 days, $3.25 left today" in done.out
    assert "table of 2026-11-01" in done.err
    by_host = program.run("costs", "--by", "host", "--json").objects
    assert [(row["name"], row["usd"], row["priced_as_of"]) for row in by_host] == [
        ("web01", 1.5, None),
        ("nas", 0.25, "2026-11-01"),
    ]
    table = program.run("costs", "--by", "model", "--csv").out.splitlines()
    assert table[0] == "by,name,usd,runs,runs_of_unknown_cost,priced_as_of"
    assert table[1] == "model,opus,1.500000,1,0,"


def test_nothing_spent_and_a_slip(tmp_path: Path) -> None:
    program = Program(tmp_path)
    program.configure(["web01"])
    assert "no agent has run" in program.run("costs").out
    done = program.run("costs", "--days", "0")
    assert done.code == 2
    assert "cannot be added up" in done.err
