from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.fleet import Fleet
from fleet_tui.journal import LogEntry
from fleet_tui.model.config import Defaults
from fleet_tui.model.errors import JournalError, UsageError
from fleet_tui.model.events import NoticeRaised, OutputArrived, RunFinished
from fleet_tui.model.host import Host
from fleet_tui.model.request import DispatchRequest
from fleet_tui.model.run import Dispatch, Run
from tests.support.fakes import obeys, prints, vanishes, waits_for
from tests.support.stage import fleet_file, staged

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.dispatch.dispatcher import LiveDispatch
    from fleet_tui.model.config import FleetConfig


def run_ids(live: LiveDispatch) -> list[str]:
    return list(live.tasks)


async def test_opening_makes_private_files_and_connects_to_nothing(tmp_path: Path) -> None:
    config = fleet_file(tmp_path, ["web"])
    async with staged(config, {"web": prints(b"")}) as stage:
        assert stage.pool.asked.empty()
        assert stage.fleet.recovery.notices() == ()
        assert stage.log() == []
    assert stage.pool.is_closed


async def test_closing_ends_open_runs_by_the_ladder(tmp_path: Path) -> None:
    config = fleet_file(tmp_path, ["a", "b"])
    async with staged(config, {"a": obeys, "b": obeys}) as stage:
        await stage.start()
        for name in ("a", "b"):
            await stage.until(lambda e, name=name: isinstance(e, OutputArrived) and e.host == name)  # type: ignore[misc]
    assert [line.text("status") for line in stage.log("result")] == ["cancelled"] * 2
    assert [process.received[0] for process in stage.pool.started] == ["TERM", "TERM"]


async def test_who_asked_for_a_cancel_is_in_the_log(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web"]), {"web": obeys}) as stage:
        live = await stage.start()
        await stage.until(lambda event: isinstance(event, OutputArrived))
        assert await stage.fleet.cancel(run_ids(live)) == 1
        await live.finished
        (line,) = stage.log("cancel")
        assert line.text("run") == run_ids(live)[0]
        assert line.text("by") == stage.fleet.by
        assert await stage.fleet.cancel(run_ids(live)) == 0
        assert await stage.fleet.cancel(["r-unknown"]) == 0
        assert len(stage.log("cancel")) == 1


async def test_another_program_can_cancel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = fleet_file(tmp_path, ["web"])
    async with staged(config, {"web": obeys}) as owner:
        live = await owner.start()
        await owner.until(lambda event: isinstance(event, OutputArrived))
        monkeypatch.setattr("getpass.getuser", lambda: "ann")
        async with staged(config, {}) as other:
            assert await other.fleet.cancel(run_ids(live)) == 1
            (run,) = await live.finished
            assert run.state == "cancelled"
            assert owner.log("cancel")[0].text("by").startswith("ann@")
            stored = other.fleet.store.get_run(run.id)
            assert stored is not None
            assert stored.state == "cancelled"


async def test_the_runs_of_a_living_program_are_left_alone(tmp_path: Path) -> None:
    config = fleet_file(tmp_path, ["web"])
    gate = asyncio.Event()
    async with staged(config, {"web": waits_for(gate)}) as owner:
        live = await owner.start()
        async with staged(config, {}) as other:
            assert other.fleet.recovery.notices() == ()
        gate.set()
        (run,) = await live.finished
        assert run.state == "succeeded"
    assert len(owner.log("result")) == 1


async def leave_open(config: FleetConfig) -> str:
    """Leave a journal as a program does that is killed in the middle of a run."""
    fleet = Fleet(config)
    await fleet.open()
    run = Run(fleet._new_id("r"), fleet._new_id("d"), "web", "claude", "read", state="running")
    dispatch = Dispatch(
        run.dispatch, "web", "x", "claude", "read", "operator", fleet.by, 1, fleet.clock.time()
    )
    fleet.store.add_dispatch(dispatch, [run], fleet.owner.id)
    fields = {"id": dispatch.id, "run": run.id, "host": "web", "agent": "claude", "mode": "read"}
    await fleet.log.append([LogEntry("dispatch", fields)], durable=True)
    await fleet.close()  # gives the owner's lock back, as the kernel does for a dead process
    return run.id


async def test_what_a_crash_left_open_is_closed_once_at_the_next_start(tmp_path: Path) -> None:
    config = fleet_file(tmp_path, ["web"])
    left = await leave_open(config)
    async with staged(config, {}) as stage:
        (line,) = stage.log("result")
        assert (line.text("run"), line.text("status")) == (left, "lost")
        stored = stage.fleet.store.get_run(left)
        assert stored is not None
        assert (stored.state, stored.outcome) == ("lost", "network")
        (notice,) = stage.fleet.recovery.notices()
        assert "1 runs on web were left open" in notice.notice.text
    async with staged(config, {}) as again:
        assert len(again.log("result")) == 1
        assert again.fleet.recovery.notices() == ()
        assert again.chain_holds()


async def test_two_programs_that_start_at_once_close_it_once(tmp_path: Path) -> None:
    config = fleet_file(tmp_path, ["web"])
    await leave_open(config)
    fleets = [Fleet(config) for _ in range(4)]
    await asyncio.gather(*(fleet.open() for fleet in fleets))
    await asyncio.gather(*(fleet.close() for fleet in fleets))
    async with staged(config, {}) as stage:
        assert len(stage.log("result")) == 1


async def test_a_journal_that_cannot_be_opened_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where a folder must be")
    with pytest.raises(JournalError) as caught:
        await Fleet(fleet_file(tmp_path, ["web"])).open()
    assert caught.value.mend


async def test_a_retry_sends_the_same_to_the_same_hosts(tmp_path: Path) -> None:
    scripts = {"a": prints(b"", 1), "b": prints(b"fine\n"), "c": vanishes}
    async with staged(fleet_file(tmp_path, scripts), scripts) as stage:
        live = await stage.start(prompt="uptime", timeout_seconds=7.0)
        runs = await live.finished
        bad = [run.id for run in runs if run.state != "succeeded"]
        again = await stage.fleet.retry(bad)
        await again.finished
        assert [run.host for run in (t.run for t in again.tasks.values())] == ["a", "c"]
        assert again.dispatch.prompt == "uptime"
        assert again.dispatch.timeout_seconds == 7.0
        assert again.dispatch.id != live.dispatch.id


async def test_runs_of_different_dispatches_are_not_retried_together(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["a"]), {"a": prints(b"")}) as stage:
        (first,), (second,) = await stage.run(), await stage.run()
        with pytest.raises(UsageError, match="one dispatch"):
            await stage.fleet.retry([first.id, second.id])
        with pytest.raises(UsageError):
            await stage.fleet.retry(["r-unknown"])


async def test_equal_answers_are_gathered_while_others_still_run(tmp_path: Path) -> None:
    gate = asyncio.Event()
    scripts = {"web01": prints(b"6.1\n"), "web02": prints(b"6.1\n"), "web03": waits_for(gate)}
    async with staged(fleet_file(tmp_path, scripts), scripts) as stage:
        live = await stage.start()
        for name in ("web01", "web02"):
            await stage.until(
                lambda e, name=name: isinstance(e, RunFinished) and e.run.host == name  # type: ignore[misc]
            )
        groups = stage.fleet.archive.gather(live.dispatch.id)
        assert [(group.hosts, group.state) for group in groups] == [
            ("web[01-02]", "succeeded"),
            ("web03", "running"),
        ]
        assert groups[0].lines == ("6.1",)
        gate.set()
        await live.finished
        assert [g.state for g in stage.fleet.archive.gather(live.dispatch.id)] == ["succeeded"] * 2


async def test_output_and_its_order_are_there_after_a_restart(tmp_path: Path) -> None:
    scripts = {"a": prints(b"1\n2\n"), "b": prints(b"3\n")}
    config = fleet_file(tmp_path, scripts)
    async with staged(config, scripts) as stage:
        live = await stage.start()
        runs = await live.finished
    async with staged(config, {}) as again:
        view, found = again.fleet.archive.past(live.dispatch.id)
        assert found == list(runs)
        assert view.run_ids == tuple(run.id for run in runs)
        lines = again.fleet.archive.lines(runs[0].id)
        assert [line.text for line in lines.read(0, lines.count)] == ["1", "2"]
        assert again.fleet.archive.timeline(live.dispatch.id).rows == 3
        with pytest.raises(UsageError):
            again.fleet.archive.past("d-unknown")


async def test_each_host_starts_in_its_own_folder_and_environment(tmp_path: Path) -> None:
    hosts = (
        Host("a", durable=False, workdir="/srv/a b", env={"X": "1 2"}),
        Host("b", durable=False),
    )
    async with staged(fleet_file(tmp_path, hosts), {"a": prints(b""), "b": prints(b"")}) as stage:
        await stage.run(prompt="make", stdin=b"in")
        lines = {process.host: process for process in stage.pool.started}
        assert "cd '/srv/a b' && exec env X='1 2' " in lines["a"].line
        assert lines["b"].line == "make"
        assert {process.stdin for process in stage.pool.started} == {b"in"}


async def test_notices_tell_what_went_wrong(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web", "gone"]), {"web": prints(b"")}) as stage:
        await stage.run()
        texts = [e.notice.text for e in stage.heard if isinstance(e, NoticeRaised)]
        assert any("connection refused" in text for text in texts)


async def test_output_that_the_disk_refuses_is_told_and_the_run_goes_on(tmp_path: Path) -> None:
    config = fleet_file(tmp_path, ["a", "b"])
    go = asyncio.Event()
    scripts = {"a": waits_for(go, b"lost\n"), "b": waits_for(go, b"lost\n")}
    async with staged(config, scripts) as stage:
        (tmp_path / "data" / "runs").write_text("no folder")
        live = await stage.start()
        go.set()
        runs = await live.finished
        assert [run.state for run in runs] == ["succeeded", "succeeded"]
        told = [e.notice for e in stage.heard if isinstance(e, NoticeRaised)]
        assert {notice.id for notice in told if notice.event == "output-lost"} == {"output-disk"}


async def test_a_broken_run_store_is_put_aside_and_told(tmp_path: Path) -> None:
    config = fleet_file(tmp_path, ["web"])
    async with staged(config, {"web": prints(b"")}) as stage:
        path = stage.fleet.store.path
    path.write_bytes(b"no database at all, but long enough to be looked at " * 99)
    async with staged(config, {"web": prints(b"")}) as stage:
        [told] = stage.fleet.recovery.notices()
        assert told.notice.event == "store-broken"
        assert str(stage.fleet.store.moved_aside) in told.notice.text


async def test_state_folder_and_log_are_for_their_owner_only(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web"]), {"web": prints(b"x\n")}) as stage:
        (run,) = await stage.run()
    data = tmp_path / "data"
    for path in (tmp_path / "fleet.log", data, data / "runs.sqlite3", data / "runs" / run.id):
        assert path.stat().st_mode & 0o077 == 0, path
    assert os.listdir(tmp_path / "data" / "owners") == []


async def test_a_mode_the_agent_cannot_be_held_to_is_refused(tmp_path: Path) -> None:
    config = replace(fleet_file(tmp_path, ["web"]), defaults=Defaults(agent="shell"))
    async with staged(config, {"web": prints(b"")}) as stage:
        preview = stage.fleet.preview(DispatchRequest("all", "true", mode="read"))
        assert "cannot be held to mode read" in preview.problem
