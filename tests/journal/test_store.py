from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
from dataclasses import fields, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.journal import OwnedRun, RunStore
from fleet_tui.journal.schema import MIGRATIONS
from fleet_tui.model.errors import JournalError
from fleet_tui.model.run import Dispatch, Run
from tests.journal.support import mode
from tests.journal.writers import add_dispatches, add_dispatches_forever

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    store = RunStore(tmp_path / "state")
    yield store
    store.close()


def dispatch(number: int = 1, prompt: str = "hello", at: float = 100.0) -> Dispatch:
    return Dispatch(
        f"d-{number}", "all", prompt, "claude", "read", "operator", "me@desk", 7, at, 0.5, 60.0
    )


def run(
    number: int = 1,
    parent: int = 1,
    host: str = "nas",
    at: float = 100.0,
    cost: float | None = None,
) -> Run:
    return Run(f"r-{number}", f"d-{parent}", host, "claude", "read", cost_usd=cost, created_at=at)


def ended(item: Run, at: float, cost: float | None = None) -> Run:
    return replace(
        item, state="succeeded", outcome="ok", started_at=at - 1, finished_at=at, cost_usd=cost
    )


def test_a_dispatch_and_its_runs_come_back_whole(store: RunStore) -> None:
    parent = dispatch()
    runs = [run(i, host=f"web{i:02d}") for i in (3, 1, 2)]
    store.add_dispatch(parent, runs, "o-1")
    assert store.get_dispatch("d-1") == parent
    assert store.runs_of("d-1") == runs
    assert store.get_run("r-2") == runs[2]
    assert store.get_run("r-9") is None
    assert store.get_dispatch("d-9") is None


def test_every_field_of_a_run_is_kept(store: RunStore) -> None:
    full = Run(
        "r-1", "d-1", "nas", "codex", "write", "failed", "max-turns", 3, "TERM", 0.25, "s-1",
        "m-1", 1.5, 2.5, 3.5, "why", "how", 10, 20, 0.5, "10/5/2", "2026-11-20", 9.5,
    )  # fmt: skip
    assert all(getattr(full, field.name) for field in fields(Run))
    store.add_dispatch(dispatch(), [run()], "o-1")
    store.finish_runs([(full, "forty-two")])
    assert store.get_run("r-1") == full
    assert store.answer("r-1") == "forty-two"
    store.update_runs([replace(full, cost_usd=0.5)])
    assert store.answer("r-1") == "forty-two"
    assert store.answer("r-9") == ""


def test_a_long_answer_is_cut(store: RunStore) -> None:
    store.add_dispatch(dispatch(), [run()], "o-1")
    store.finish_runs([(run(), "x" * 100_000)])
    assert len(store.answer("r-1")) == 65_536


def test_a_check_that_fails_takes_the_dispatch_back(store: RunStore) -> None:
    def fail() -> None:
        raise ValueError("another program was faster")

    with pytest.raises(ValueError, match="faster"):
        store.add_dispatch(dispatch(), [run()], "o-1", check=fail)
    assert store.get_dispatch("d-1") is None
    assert store.get_run("r-1") is None


def test_a_thousand_runs_are_one_transaction(store: RunStore) -> None:
    statements: list[str] = []
    store._connection.set_trace_callback(statements.append)
    store.add_dispatch(dispatch(), [run(i) for i in range(1000)], "o-1")
    assert statements.count("COMMIT") == 1
    assert len(store.runs_of("d-1")) == 1000


def test_a_dispatch_is_added_whole_or_not_at_all(store: RunStore) -> None:
    with pytest.raises(JournalError, match="add a dispatch"):
        store.add_dispatch(dispatch(), [run(1), run(1)], "o-1")
    assert store.get_dispatch("d-1") is None
    store.add_dispatch(dispatch(), [run(1)], "o-1")


def test_runs_are_filtered(store: RunStore) -> None:
    store.add_dispatch(dispatch(1, "fix 100% of it", 100.0), [run(1, 1, "web01", 100.0)], "o-1")
    store.add_dispatch(
        dispatch(2, "other", 200.0),
        [run(2, 2, "web02", 200.0), run(3, 2, "nas", 200.0)],
        "o-1",
    )
    store.finish_runs([(ended(run(3, 2, "nas", 200.0), 210.0), "The Answer_is")])

    def found(**filters: object) -> list[str]:
        return [item.id for item in store.runs(**filters)]  # type: ignore[arg-type]

    assert found() == ["r-2", "r-3", "r-1"]
    assert found(limit=1) == ["r-2"]
    assert found(host="web*") == ["r-2", "r-1"]
    assert found(host="web01") == ["r-1"]
    assert found(state="succeeded") == ["r-3"]
    assert found(state=("queued", "running")) == ["r-2", "r-1"]
    assert found(agent="codex") == []
    assert found(since=150.0) == ["r-2", "r-3"]
    assert found(text="100%") == ["r-1"]
    assert found(text="answer_") == ["r-3"]
    assert found(text="%") == ["r-1"]
    assert found(text="OTHER", host="nas") == ["r-3"]


def test_dispatches_and_prompts_newest_first(store: RunStore) -> None:
    for number, prompt in enumerate(["one", "two", "one", "three"], 1):
        store.add_dispatch(dispatch(number, prompt, number * 10.0), [], "o-1")
    machine = replace(dispatch(9, "by a queue", 90.0), origin="queue")
    store.add_dispatch(machine, [], "o-1")
    assert [item.id for item in store.recent_dispatches(3)] == ["d-9", "d-4", "d-3"]
    assert store.prompt_history(10) == ["three", "one", "two"]
    assert store.prompt_history(1) == ["three"]
    store.finish_dispatch(replace(dispatch(2), finished_at=55.0))
    found = store.get_dispatch("d-2")
    assert found is not None
    assert found.finished_at == 55.0


def test_open_runs_know_their_owner(store: RunStore) -> None:
    store.add_dispatch(dispatch(), [run(1), run(2)], "o-1")
    store.finish_runs([(ended(run(1), 5.0), "")])
    assert store.open_runs() == [OwnedRun(run(2), "o-1")]


def test_a_run_can_be_taken_over_once(store: RunStore) -> None:
    store.add_dispatch(dispatch(), [run(1), run(2)], "o-dead")
    items: list[OwnedRun | Run] = [*store.open_runs(), run(7)]
    assert store.claim(items, "o-2") == {"r-1", "r-2", "r-7"}
    assert store.claim(items, "o-3") == set()
    assert store.owned(["r-1", "r-7", "r-9"]) == {
        "r-1": OwnedRun(run(1), "o-2"),
        "r-7": OwnedRun(run(7), "o-2"),
    }


def test_cost_counts_what_ended_or_runs_since(store: RunStore) -> None:
    runs = [run(i, host="nas" if i < 4 else "web") for i in range(1, 7)]
    store.add_dispatch(dispatch(), runs, "o-1")
    store.finish_runs(
        [
            (ended(runs[0], 50.0, 1.0), ""),
            (ended(runs[1], 150.0, 2.0), ""),
            (ended(runs[2], 160.0, 0.25), ""),
            (ended(runs[3], 170.0, 0.5), ""),
        ]
    )
    store.update_runs([replace(runs[4], cost_usd=0.125, state="running")])
    assert store.cost_since(100.0) == (2.875, True)
    assert store.cost_since(155.0) == (0.75, True)
    assert store.cost_since(1000.0) == (0.0, True)
    assert store.cost_by_host_since(100.0) == {"nas": 2.25, "web": 0.625}


@pytest.mark.parametrize(
    ("change", "is_complete"),
    [
        ({"state": "failed", "started_at": 1.0}, False),
        ({"state": "lost"}, False),
        ({"state": "failed", "outcome": "connect"}, True),
        ({"state": "failed", "started_at": 1.0, "agent": "shell"}, True),
        ({"state": "running", "started_at": 1.0, "finished_at": None}, True),
    ],
)
def test_a_cost_that_is_not_known_is_told(
    store: RunStore, change: dict[str, object], is_complete: bool
) -> None:
    store.add_dispatch(dispatch(), [run()], "o-1")
    store.update_runs([replace(run(), **{"finished_at": 120.0, **change})])  # type: ignore[arg-type]
    assert store.cost_since(0.0) == (0.0, is_complete)


@given(st.text())
def test_any_prompt_is_kept(tmp_path_factory: pytest.TempPathFactory, prompt: str) -> None:
    store = RunStore(tmp_path_factory.mktemp("state"))
    store.add_dispatch(dispatch(prompt=prompt), [], "o-1")
    assert store.prompt_history() == [prompt]
    store.close()


def test_a_prompt_with_bytes_that_are_no_text_is_kept_readable(store: RunStore) -> None:
    store.add_dispatch(dispatch(prompt="a\udcffb"), [], "o-1")
    assert store.prompt_history() == ["a?b"]


def test_the_store_is_for_its_owner_only(store: RunStore) -> None:
    store.add_dispatch(dispatch(), [run()], "o-1")
    assert mode(store.path) == 0o600
    assert mode(store.path.parent) == 0o700
    assert {mode(path) for path in store.path.parent.iterdir()} == {0o600}


def test_it_comes_back_after_it_was_closed(store: RunStore, tmp_path: Path) -> None:
    store.add_dispatch(dispatch(), [run()], "o-1")
    store.close()
    again = RunStore(tmp_path / "state")
    assert again.get_run("r-1") == run()
    assert again.moved_aside is None
    again.close()


def test_two_programs_write_at_once(tmp_path: Path) -> None:
    writers = [
        SPAWN.Process(target=add_dispatches, args=(str(tmp_path), who, 30)) for who in range(3)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 3
    store = RunStore(tmp_path)
    assert len(store.recent_dispatches(1000)) == 90
    assert len(store.runs(limit=1000)) == 180
    store.close()


def test_killed_while_writing_no_acknowledged_dispatch_is_missing(tmp_path: Path) -> None:
    fifo = tmp_path / "acknowledged"
    os.mkfifo(fifo)
    writer = SPAWN.Process(target=add_dispatches_forever, args=(str(tmp_path), str(fifo)))
    writer.start()
    with fifo.open("rb") as told:
        acknowledged = [int(told.readline()) for _ in range(30)]
        os.kill(writer.pid or 0, signal.SIGKILL)
        acknowledged += [int(line) for line in told if line.endswith(b"\n")]
    writer.join()
    store = RunStore(tmp_path)
    assert store.moved_aside is None
    for number in acknowledged:
        assert len(store.runs_of(f"d-{number}")) == 2
    assert all(len(store.runs_of(item.id)) == 2 for item in store.recent_dispatches(10_000))
    store.close()


def test_a_broken_file_is_moved_aside_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite3"
    path.write_bytes(b"this is not a database, but somebody's only copy of something" * 20)
    before = path.read_bytes()
    store = RunStore(tmp_path)
    assert store.moved_aside is not None
    assert store.moved_aside.read_bytes() == before
    store.add_dispatch(dispatch(), [run()], "o-1")
    store.close()


def test_a_store_of_a_newer_program_is_left_alone(store: RunStore, tmp_path: Path) -> None:
    store.close()
    with sqlite3.connect(store.path) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(JournalError, match="newer fleet-tui") as caught:
        RunStore(tmp_path / "state")
    assert "update" in (caught.value.mend or "")
    assert [path.name for path in store.path.parent.glob("*broken*")] == []


def test_a_place_that_cannot_be_written_is_an_error_with_a_mend(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(JournalError) as caught:
        RunStore(tmp_path / "state")
    assert caught.value.mend


def test_a_full_disk_is_an_error_with_a_mend(store: RunStore) -> None:
    store._connection.execute("PRAGMA max_page_count = 20")
    store.add_dispatch(dispatch(1, "small"), [], "o-1")
    with pytest.raises(JournalError) as caught:
        store.add_dispatch(dispatch(2, "x" * 1_000_000), [], "o-1")
    assert "free space" in (caught.value.mend or "")
    store.add_dispatch(dispatch(3, "small"), [], "o-1")
    assert [item.id for item in store.recent_dispatches()] == ["d-3", "d-1"]
