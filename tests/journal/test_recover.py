from __future__ import annotations

import multiprocessing
import os
import signal
from typing import TYPE_CHECKING

import pytest

from fleet_tui.journal import Appender, LogEntry, OwnerLock, RunStore, open_runs, runs_to_close
from fleet_tui.model.run import Dispatch, Run
from tests.journal.support import FakeClock, closing, entry
from tests.journal.writers import leave_open

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPAWN = multiprocessing.get_context("spawn")
DISPATCH = Dispatch("d-1", "all", "hello", "claude", "read", "operator", "me@desk", 1, 1.0)


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[OwnerLock]:
    owner = OwnerLock.acquire(tmp_path)
    yield owner
    owner.release()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    store = RunStore(tmp_path)
    yield store
    store.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Appender]:
    appender = Appender(tmp_path / "fleet.log", clock=FakeClock(), max_bytes=2000)
    yield appender
    appender.close()


def run(number: int) -> Run:
    return Run(f"r-{number}", "d-1", "nas", "claude", "read")


def test_what_a_killed_program_left_is_closed_once(
    tmp_path: Path, store: RunStore, log: Appender, owner: OwnerLock
) -> None:
    told, tell = SPAWN.Pipe(duplex=False)
    program = SPAWN.Process(target=leave_open, args=(str(tmp_path), str(log.path), 4, tell))
    program.start()
    told.recv()
    assert runs_to_close(log.path, store, tmp_path, owner.id, now=9.0) == []

    os.kill(program.pid or 0, signal.SIGKILL)
    program.join()
    left = runs_to_close(log.path, store, tmp_path, owner.id, now=9.0)

    assert {item.run.id: (item.run.state, item.needs_line) for item in left} == {
        "r-0": ("succeeded", True),
        "r-1": ("lost", True),
        "r-2": ("lost", True),
        "r-3": ("lost", True),
    }
    assert {item.run.finished_at for item in left} == {5.0, 9.0}
    assert all(item.run.reason for item in left if item.run.state == "lost")
    assert runs_to_close(log.path, store, tmp_path, owner.id, now=9.0) == []

    store.finish_runs([(item.run, "") for item in left])
    log.append([LogEntry("result", {"run": item.run.id}) for item in left], durable=True)
    assert open_runs(log.path) == {}
    assert store.open_runs() == []


def test_a_run_that_only_the_log_knows_is_closed(
    tmp_path: Path, store: RunStore, log: Appender, owner: OwnerLock
) -> None:
    log.append([entry(1, id="d-9", agent="codex", mode="write"), entry(2)], durable=True)
    log.append([closing(2)], durable=True)
    (left,) = runs_to_close(log.path, store, tmp_path, owner.id, now=9.0)
    assert left.needs_line
    assert (left.run.id, left.run.dispatch, left.run.host) == ("r-1", "d-9", "droplet")
    assert (left.run.agent, left.run.mode, left.run.state) == ("codex", "write", "lost")
    assert left.run.created_at == pytest.approx(FakeClock().now)


def test_a_run_that_never_reached_the_log_needs_no_line(
    tmp_path: Path, store: RunStore, log: Appender, owner: OwnerLock
) -> None:
    store.add_dispatch(DISPATCH, [run(1)], "o-dead")
    (left,) = runs_to_close(log.path, store, tmp_path, owner.id, now=9.0)
    assert (left.run.state, left.needs_line) == ("lost", False)


def test_a_run_begun_many_files_ago_still_gets_its_line(
    tmp_path: Path, store: RunStore, log: Appender, owner: OwnerLock
) -> None:
    store.add_dispatch(DISPATCH, [run(1)], "o-dead")
    log.append([entry(1)], durable=True)
    for i in range(100, 180):
        log.append([entry(i), closing(i)], durable=False)
    assert log.rotations >= 3
    assert open_runs(log.path) == {}
    (left,) = runs_to_close(log.path, store, tmp_path, owner.id, now=9.0)
    assert left.needs_line


def test_runs_of_a_living_program_are_left_alone(
    tmp_path: Path, store: RunStore, log: Appender, owner: OwnerLock
) -> None:
    other = OwnerLock.acquire(tmp_path)
    store.add_dispatch(DISPATCH, [run(1)], other.id)
    log.append([entry(1)], durable=True)
    assert runs_to_close(log.path, store, tmp_path, owner.id, now=9.0) == []
    other.release()
    assert len(runs_to_close(log.path, store, tmp_path, owner.id, now=9.0)) == 1


def test_two_programs_that_start_at_once_share_the_runs_out(
    tmp_path: Path, store: RunStore, log: Appender, owner: OwnerLock
) -> None:
    store.add_dispatch(DISPATCH, [run(1), run(2)], "o-dead")
    log.append([entry(1), entry(2), entry(3)], durable=True)
    other = OwnerLock.acquire(tmp_path)
    first = runs_to_close(log.path, store, tmp_path, owner.id, now=9.0)
    second = runs_to_close(log.path, store, tmp_path, other.id, now=9.0)
    assert (len(first), len(second)) == (3, 0)
    other.release()
