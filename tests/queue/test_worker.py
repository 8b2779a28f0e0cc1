"""Workers: what they take, what becomes of it, and how they stop."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from unittest.mock import patch

from fleet_tui.model.events import NoticeRaised
from fleet_tui.queue import service
from fleet_tui.queue.directory import directory_store
from tests.queue.site import ANSWER, BROKEN, RULES, site, until
from tests.support.fakes import obeys, prints, waits_for

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_task_is_claimed_run_and_committed_once(tmp_path: Path) -> None:
    async with site(tmp_path, {"box": prints(ANSWER)}) as here:
        await here.add("Look at the disks.", "And at the fans.")
        await here.work_off()
        assert await here.states() == {"t1": "done", "t2": "done"}
        (stored,) = await here.queue.store.results("t1")
        assert (stored.result.text, stored.result.host) == ("all is fine", "box")
        assert [line["task"] for line in here.logged("claim")] == ["t1", "t2"]
        assert [line["status"] for line in here.logged("commit")] == ["done", "done"]
        runs = here.stage.fleet.store.runs()
        assert {run.id for run in runs} == {line["run"] for line in here.logged("claim")}
        assert {run.mode for run in runs} == {"read"}
        assert here.stage.chain_holds()


async def test_several_at_once_up_to_the_slots(tmp_path: Path) -> None:
    go = asyncio.Event()
    async with site(tmp_path, {"box": waits_for(go, ANSWER)}) as here:
        await here.add(*["x"] * 5)
        worker = here.worker(slots=3)
        working = asyncio.create_task(here.queue.work(worker, once=True))
        await until(lambda: len(here.stage.pool.started) == 3)
        assert len(worker.doing) == 3
        go.set()
        await working
        assert set((await here.states()).values()) == {"done"}


async def test_only_what_fits_is_taken_and_the_rest_is_explained(tmp_path: Path) -> None:
    async with site(tmp_path, {"box": prints(ANSWER)}) as here:
        gpu = '+++\nneeds = ["gpu"]\n+++\nTrain it.'
        await here.add(gpu, gpu, "Anything.", '+++\nhost = "nas1"\n+++\nLook.')
        await here.work_off()
        assert await here.states() == {
            "t1": "pending",
            "t2": "pending",
            "t3": "done",
            "t4": "pending",
        }
        view = await here.queue.look()
        assert view.stalled[0].startswith("3 pending, no worker:")
        worker = here.worker()
        working = asyncio.create_task(here.queue.work(worker))
        await until(lambda: worker in here.queue.workers)
        view = await here.queue.look()
        assert view.stalled == (
            "2 pending, no worker matches label gpu",
            "1 pending, no worker matches host nas1",
        )
        worker.drain()
        await working
        strong = here.worker(labels=("gpu",))
        await here.queue.work(strong, once=True)
        assert (await here.states())["t1"] == "done"


async def test_what_keeps_failing_ends_as_failed_with_its_last_words(tmp_path: Path) -> None:
    async with site(tmp_path, {"box": prints(BROKEN, code=1)}) as here:
        await here.add("+++\nmax_attempts = 1\n+++\nBreak.")
        await here.work_off()
        assert await here.states() == {"t1": "failed"}
        (line,) = here.logged("commit")
        assert line["status"] == "failed"
        assert line["why"]


async def test_a_failed_try_goes_back_and_rests(tmp_path: Path) -> None:
    async with site(tmp_path, {"box": prints(BROKEN, code=1)}) as here:
        await here.add("Break.")
        await here.work_off()
        assert await here.states() == {"t1": "pending"}
        (line,) = here.logged("commit")
        assert line["status"] == "returned"
        assert len(here.stage.pool.started) == 1


async def test_an_unreachable_host_costs_no_try_and_rests_its_worker(tmp_path: Path) -> None:
    async with site(tmp_path, {"box": prints(ANSWER)}) as here:
        here.stage.pool.scripts.clear()
        await here.add("Look.")
        worker = here.worker()
        working = asyncio.create_task(here.queue.work(worker))
        await until(lambda: worker.resting)
        assert "refused" in worker.resting
        (entry,) = (await here.queue.store.listing()).entries
        assert (entry.state, entry.attempt) == ("pending", 0)
        worker.drain()
        await working


async def test_draining_finishes_what_is_held_and_takes_nothing_more(tmp_path: Path) -> None:
    go = asyncio.Event()
    async with site(tmp_path, {"box": waits_for(go, ANSWER)}) as here:
        await here.add("a", "b")
        worker = here.worker()
        working = asyncio.create_task(here.queue.work(worker))
        await until(lambda: here.stage.pool.started)
        worker.drain()
        go.set()
        await working
        assert sorted((await here.states()).values()) == ["done", "pending"]
        assert await here.queue.store.heartbeats() == []


async def test_handing_back_ends_the_run_and_costs_no_try(tmp_path: Path) -> None:
    async with site(tmp_path, {"box": obeys}) as here:
        await here.add("a")
        worker = here.worker()
        working = asyncio.create_task(here.queue.work(worker))
        await until(lambda: here.stage.pool.started)
        await until(lambda: any(run.state == "running" for run in here.runs()))
        await worker.hand_back()
        await working
        (entry,) = (await here.queue.store.listing()).entries
        assert (entry.state, entry.attempt) == ("pending", 0)
        assert here.stage.fleet.store.runs()[0].state == "cancelled"


async def test_a_cancelled_task_ends_its_run(tmp_path: Path) -> None:
    async with site(tmp_path, {"box": obeys}) as here:
        await here.add("a")
        worker = here.worker()
        working = asyncio.create_task(here.queue.work(worker))
        await until(lambda: any(run.state == "running" for run in here.runs()))
        await here.queue.orders.cancel(["t1"])
        await until(lambda: not worker.doing)
        assert await here.states() == {"t1": "cancelled"}
        assert here.stage.fleet.store.runs()[0].state == "cancelled"
        worker.drain()
        await working


async def test_pausing_holds_the_workers(tmp_path: Path) -> None:
    async with site(tmp_path, {"box": prints(ANSWER)}) as here:
        await here.queue.pause(True)
        await here.add("a")
        worker = here.worker()
        working = asyncio.create_task(here.queue.work(worker))
        await until(lambda: worker in here.queue.workers)
        view = await here.queue.look()
        assert view.is_paused
        assert view.stalled == ("1 pending, every worker is paused: box." + _machine(here),)
        await here.queue.pause(False)
        worker.drain()
        await working
        await here.work_off()
        assert await here.states() == {"t1": "done"}


async def test_a_pause_holds_the_workers_of_other_machines(tmp_path: Path) -> None:
    queue = tmp_path / "queue"
    queue.mkdir()
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "queue").symlink_to(queue)
    scripts = {"box": prints(ANSWER)}
    with patch.object(service, "LOOK_SECONDS", 0.02):
        async with (
            site(tmp_path / "one", scripts) as here,
            site(tmp_path / "other", scripts) as far,
        ):
            worker = far.worker()
            working = asyncio.create_task(far.queue.work(worker))
            await until(lambda: worker in far.queue.workers)
            paused = await here.queue.pause(True)
            assert paused is not None
            await until(lambda: far.queue.is_paused)
            await here.add("a")
            view = await far.queue.look()
            assert (view.paused_by, view.paused_since) == (here.stage.fleet.by, paused.since)
            assert await far.queue.pause(True) == paused
            assert await far.states() == {"t1": "pending"}
            await here.queue.pause(False)
            await until(lambda: not far.queue.is_paused)
            await until(lambda: worker.tally.last_word == "ended t1")
            worker.drain()
            await working


def _machine(here: object) -> str:
    by: str = here.stage.fleet.by  # type: ignore[attr-defined]
    return by.rpartition("@")[2]


async def test_a_worker_beats_and_says_what_it_does(tmp_path: Path) -> None:
    go = asyncio.Event()
    async with site(tmp_path, {"box": waits_for(go, ANSWER)}) as here:
        await here.add("a")
        worker = here.worker(labels=("gpu",))
        working = asyncio.create_task(here.queue.work(worker))
        while not (beats := await here.queue.store.heartbeats()):
            continue
        (beat,) = beats
        assert (beat.host, beat.kind, beat.labels) == ("box", "worker", ("gpu",))
        go.set()
        worker.drain()
        await working


async def test_a_mode_that_a_task_may_not_ask_for_is_refused(tmp_path: Path) -> None:
    async with site(tmp_path, {"box": prints(ANSWER)}) as here:
        await here.add('+++\nmode = "write"\n+++\nChange it.')
        await here.work_off()
        assert await here.states() == {"t1": "quarantined"}
        (line,) = here.logged("refused")
        assert "needs a valid signature" in str(line["why"])
        assert here.stage.pool.started == []
        await here.stage.until(
            lambda event: isinstance(event, NoticeRaised) and event.notice.event == "task-refused"
        )


async def test_leaving_the_program_gives_back_what_ends_with_it(tmp_path: Path) -> None:
    async with site(tmp_path, {"box": obeys}) as here:
        await here.add("a")
        fleet, queue = here.stage.fleet, here.queue
        fleet.parts.__dict__["queue"] = queue
        working = asyncio.create_task(queue.work(here.worker()))
        fleet._tasks.add(working)
        await until(lambda: any(run.state == "running" for run in here.runs()))
        await fleet.close()
        store = directory_store(tmp_path / "queue", RULES, fleet.clock)
        (entry,) = (await store.listing()).entries
        assert (entry.state, entry.attempt) == ("pending", 0)
        await store.close()
