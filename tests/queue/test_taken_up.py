"""A worker that died and starts again: its run is found, and committed once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.journal.owner import OwnerLock
from fleet_tui.model.run import Dispatch, Run
from fleet_tui.queue.attempt import attempt_id, written_claim
from fleet_tui.queue.ledger import Attempt
from tests.queue.site import ANSWER, site
from tests.support.fakes import prints

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.model.task import Claim
    from tests.queue.site import Site

DEAD = "o-00000000000000000000000000"


async def died(here: Site, *, run_id: str = "r-00000000000000000000000001") -> Claim:
    """Leave what a worker leaves that claimed a task, wrote its attempt down, and was killed."""
    claim = await here.queue.store.claim(lambda _task: True, host="box")
    assert claim is not None
    attempt = Attempt(attempt_id(claim), run_id, claim.task.name, "box", written_claim(claim), DEAD)
    here.queue.bench.ledger.begin(attempt, here.stage.fleet.clock.time())
    here.queue.store._holds.clear()  # type: ignore[attr-defined]  # as in a new program
    return claim


def ended(here: Site, run_id: str, answer: str) -> None:
    """Let the run have ended while nobody looked."""
    now = here.stage.fleet.clock.time()
    dispatch = Dispatch("d-1", "box", "x", "claude", "read", "queue", "op@pc", 1, now)
    run = Run(run_id, "d-1", "box", "claude", "read", created_at=now)
    here.stage.fleet.store.add_dispatch(dispatch, (run,), DEAD)
    over = replace(run, state="succeeded", outcome="ok", started_at=now, finished_at=now)
    here.stage.fleet.store.finish_runs([(over, answer)])


async def test_a_run_that_never_began_is_begun_under_the_same_name(tmp_path: Path) -> None:
    async with site(tmp_path, {"box": prints(ANSWER)}) as here:
        await here.add("a")
        await died(here)
        await here.work_off()
        assert await here.states() == {"t1": "done"}
        (run,) = here.stage.fleet.store.runs()
        assert run.id == "r-00000000000000000000000001"
        assert here.queue.bench.ledger.open_attempts() == []


async def test_a_run_that_ended_meanwhile_is_committed_and_not_run_again(tmp_path: Path) -> None:
    async with site(tmp_path, {"box": prints(ANSWER)}) as here:
        await here.add("a")
        claim = await died(here)
        ended(here, "r-00000000000000000000000001", "found again")
        await here.work_off()
        (stored,) = await here.queue.store.results("t1")
        assert stored.result.text == "found again"
        assert stored.result.attempt == claim.attempt
        assert here.stage.pool.started == []
        assert [line["status"] for line in here.logged("commit")] == ["done"]


async def test_a_commit_whose_note_was_lost_is_not_made_twice(tmp_path: Path) -> None:
    async with site(tmp_path, {"box": prints(ANSWER)}) as here:
        await here.add("a")
        claim = await here.queue.store.claim(lambda _task: True, host="box")
        assert claim is not None
        from fleet_tui.model.task import Result

        run_id = "r-00000000000000000000000001"
        attempt = Attempt(attempt_id(claim), run_id, "t1", "box", written_claim(claim), DEAD)
        here.queue.bench.ledger.begin(attempt, 0.0)
        await here.queue.store.commit(claim, Result("first", run=run_id, attempt=1))
        ended(here, run_id, "second")
        await here.work_off()
        results = await here.queue.store.results("t1")
        assert [item.result.text for item in results if item.state == "done"] == ["first"]
        assert await here.states() == {"t1": "done"}
        assert here.queue.bench.ledger.open_attempts() == []


async def test_a_claim_that_was_lost_meanwhile_is_let_go(tmp_path: Path) -> None:
    async with site(tmp_path, {"box": prints(ANSWER)}) as here:
        await here.add("a")
        await died(here)
        await here.queue.store.take_back("t1", reason="silent")
        await here.work_off()
        assert await here.states() == {"t1": "done"}
        assert [line["status"] for line in here.logged("commit")] == ["lost", "done"]
        assert len(here.stage.pool.started) == 1


async def test_an_attempt_of_a_program_that_lives_is_left_alone(tmp_path: Path) -> None:
    async with site(tmp_path, {"box": prints(ANSWER)}) as here:
        await here.add("a")
        lives = OwnerLock.acquire(here.stage.fleet.data_dir)
        claim = await here.queue.store.claim(lambda _task: True, host="box")
        assert claim is not None
        attempt = Attempt(attempt_id(claim), "r-1", "t1", "box", written_claim(claim), lives.id)
        here.queue.bench.ledger.begin(attempt, 0.0)
        await here.work_off()
        assert await here.states() == {"t1": "running"}
        lives.release()


@pytest.mark.parametrize("fence", ["b0y6m9gmysz2-1", "a0y6m9gmysz2-1", "a1-a1"])
async def test_a_try_is_told_by_its_number_whatever_its_fence(tmp_path: Path, fence: str) -> None:
    async with site(tmp_path, {"box": prints(ANSWER)}) as here:
        await here.add("a")
        claim = await here.queue.store.claim(lambda _task: True, host="box")
        assert claim is not None
        claim = replace(claim, owner=replace(claim.owner, fence=fence), attempt=2)
        attempt = Attempt(attempt_id(claim), "r-1", "t1", "box", written_claim(claim), DEAD)
        here.queue.bench.ledger.begin(attempt, 0.0)
        (tried,) = (await here.queue.orders.detail("t1")).attempts
        assert (tried.number, tried.run) == (2, "r-1")
