"""Several programs, several machines, and programs that are gone: nothing is started twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.health import beat_files
from fleet_tui.health.daemons_seat import Seat, holder
from fleet_tui.model.errors import Refused
from fleet_tui.model.host import Host
from fleet_tui.model.roles_view import RoleRecord
from tests.health.daemon_stage import HOUR, SCOUT, Agent, config, site
from tests.support.program import CHECKOUT
from tests.tui.fixed_clock import FixedClock

if TYPE_CHECKING:
    from pathlib import Path


def killed_before_its_dispatch(folder: Path, at: float) -> None:
    command = [sys.executable, "-m", "tests.health.daemon_victim", str(folder), str(at)]
    done = subprocess.run(command, cwd=CHECKOUT, timeout=60)
    assert done.returncode == -signal.SIGKILL


async def test_a_kill_between_note_and_dispatch_starts_nothing_twice_and_is_told(
    tmp_path: Path,
) -> None:
    clock = FixedClock()
    killed_before_its_dispatch(tmp_path, clock.time())
    clock.advance(60)
    async with site(config(tmp_path), clock=clock) as one:
        assert one.stage.log("dispatch") == []
        await one.tick()
        (told,) = one.notices("daemon-not-started")
        assert told.severity == "warning"
        assert "was not made again" in told.text
        await one.tick(HOUR / 2)
        assert one.starts == []
        row = await one.row()
        assert row.last is not None
        assert (row.last.outcome, row.failures) == ("not-started", 0)
        await one.tick(HOUR / 2)
        assert len(one.starts) == 1, "the next one is made at its time"


async def test_a_run_that_outlived_its_program_is_closed_and_not_doubled(tmp_path: Path) -> None:
    agent, clock = Agent(), FixedClock()
    agent.may_end.clear()
    async with site(config(tmp_path), agent=agent, clock=clock) as one:
        await one.tick()
        await one.stage.until(lambda _: bool(agent.lines))
    clock.advance(HOUR / 4)  # the scripted host keeps no run: it ended with its program
    async with site(config(tmp_path), clock=clock) as again:
        await again.tick()
        row = await again.row()
        assert row.last is not None
        assert (len(again.starts), row.state, row.last.outcome) == (0, "waiting", "cancelled")
        await again.tick(HOUR)
        assert len(again.starts) == 1


async def test_one_of_two_programs_runs_it_and_the_other_takes_over(tmp_path: Path) -> None:
    clock = FixedClock()
    async with site(config(tmp_path), clock=clock) as second:
        async with site(config(tmp_path), clock=clock) as first:
            await first.tick()
            await second.tick()
            assert (len(first.starts), len(second.starts)) == (1, 0)
            seen = await second.row()
            assert seen.holder.startswith("the screen (process ")
            assert (seen.is_ours, seen.state) == (False, "waiting")
            await second.part.run_now("disk-scout")  # an order reaches whoever runs it
            await second.tick()
            await first.tick()
            assert (len(first.starts), len(second.starts)) == (2, 0)
        await second.tick(HOUR)
        assert len(second.starts) == 1


async def test_a_program_that_is_closed_begins_nothing_more(tmp_path: Path) -> None:
    async with site(config(tmp_path)) as one:
        one.stage.fleet.parts.leave()
        await one.tick()
        assert (one.starts, holder(one.stage.fleet.data_dir, "disk-scout")) == ([], "")


async def test_a_read_only_program_runs_nothing(tmp_path: Path) -> None:
    async with site(config(tmp_path), is_read_only=True) as one:
        await one.tick()
        row = await one.row()
        assert (one.starts, row.state, row.why) == ([], "idle", "this program is read-only")
        with pytest.raises(Refused, match="read-only"):
            await one.part.run_now("disk-scout")


async def test_only_the_primary_runs_them_and_it_stops_at_its_demotion(tmp_path: Path) -> None:
    pair = replace(
        config(tmp_path),
        hosts=(
            Host("web01", roles=frozenset({"primary"}), durable=False),
            Host("web02", roles=frozenset({"secondary"}), durable=False),
        ),
        this_host="web01",
    )
    async with site(pair) as one:
        await one.tick()
        assert len(one.starts) == 1
        standing = one.stage.fleet.standing
        standing.learn(RoleRecord("web02", 9, "2026-11-21", "op@web02"), one.clock.time())
        await one.tick(HOUR)
        row = await one.row()
        assert (len(one.starts), row.state, row.holder) == (1, "idle", "")
        assert "web02 leads the fleet" in row.why
        assert beat_files.read(one.stage.fleet.data_dir / "heartbeats") == []
        standing.learn(RoleRecord("web01", 10, "2026-11-21", "op@web01"), one.clock.time())
        standing.heard_of(11)
        await one.tick()
        assert len(one.starts) == 1, "an older epoch starts nothing"
        standing.learn(RoleRecord("web01", 11, "2026-11-21", "op@web01"), one.clock.time())
        await one.tick()
        assert len(one.starts) == 1, "nothing starts before the log was gone on with"
        standing.took_office(11)
        await one.tick()
        assert len(one.starts) == 2
    async with site(replace(pair, this_host="web02", data_dir=tmp_path / "other")) as second:
        await second.tick()
        assert second.starts == []


def test_a_lock_names_its_holder_and_goes_with_it(tmp_path: Path) -> None:
    assert holder(tmp_path, "scout") == ""
    seat = Seat.take(tmp_path, "scout", "the screen")
    assert seat is not None
    assert Seat.take(tmp_path, "scout", "fleet-tui daemon run") is None
    assert holder(tmp_path, "scout").startswith("the screen (process ")
    seat.give_back()
    seat.give_back()
    assert holder(tmp_path, "scout") == ""
    again = Seat.take(tmp_path, "scout", "fleet-tui daemon run")
    assert again is not None
    (tmp_path / "daemons" / "scout.lock").write_bytes(b"\xff")
    assert holder(tmp_path, "scout") == "another program"
    again.give_back()


async def test_a_folder_that_cannot_be_written_is_told_once(tmp_path: Path) -> None:
    async with site(config(tmp_path)) as one:
        (one.stage.fleet.data_dir / "daemons").write_text("a file in the way")
        await one.tick()
        await one.tick(60)
        (told,) = one.notices("daemons-broken")
        assert "something else stands at" in told.text
        assert one.starts == []
        (one.stage.fleet.data_dir / "daemons").unlink()
        await one.tick(60)
        assert len(one.starts) == 1


async def test_two_hosts_make_one_start(tmp_path: Path) -> None:
    both = {**SCOUT, "target": "web*"}
    agent = Agent()
    async with site(config(tmp_path, both), agent=agent) as one:
        await one.tick()
        row = await one.row()
        assert row.last is not None
        assert (row.last.runs, row.last.succeeded, row.last.cost_usd) == (2, 2, 0.02)
        one.stage.pool.scripts.pop("web02")
        await one.tick(HOUR)
        row = await one.row()
        assert row.last is not None
        assert (row.last.outcome, row.last.succeeded) == ("failed", 1)
        assert row.last.said.startswith("1 of 2 succeeded; web02: ")
