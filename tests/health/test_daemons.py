"""Daemons and schedules on a whole fleet with scripted hosts, by a clock that the test owns."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from fleet_tui.health import beat_files
from fleet_tui.model.config import Budget
from fleet_tui.model.errors import Refused, UsageError
from fleet_tui.model.events import NoticeRaised
from tests.health.daemon_stage import HOUR, SCOUT, Agent, config, site
from tests.tui.fixed_clock import FixedClock

if TYPE_CHECKING:
    from pathlib import Path


async def test_it_starts_at_once_and_then_by_its_row(tmp_path: Path) -> None:
    async with site(config(tmp_path)) as one:
        await one.tick()
        await one.tick(HOUR - 1)
        assert len(one.starts) == 1
        await one.tick(2)
        await one.tick()
        assert len(one.starts) == 2
        row = await one.row()
        assert (row.state, row.holder.split(" (")[0], row.is_ours) == (
            "waiting",
            "the screen",
            True,
        )
        assert row.last is not None
        assert (row.last.outcome, row.last.said, row.last.cost_usd) == (
            "ok",
            "plenty of room",
            0.01,
        )
        assert row.next_at == one.clock.time() + HOUR - 1, "the row of times does not shift"
        begun = one.stage.log("dispatch")
        assert [line.fields["origin"] for line in begun] == ["daemon", "daemon"]
        assert [line.fields["name"] for line in begun] == ["disk-scout", "disk-scout"]
        assert [line.fields["mode"] for line in begun] == ["read", "read"]
        assert not [event for event in one.stage.heard if isinstance(event, NoticeRaised)]


async def test_a_schedule_waits_for_its_time_of_day(tmp_path: Path) -> None:
    clock = FixedClock()
    soon = datetime.fromtimestamp(clock.time() + 600)
    report = {**SCOUT, "name": "report", "at": soon.strftime("%H:%M")}
    report.pop("every")
    async with site(config(tmp_path, report), clock=clock) as one:
        await one.tick()
        assert one.starts == []
        await one.tick(600)
        assert [event.dispatch.origin for event in one.starts] == ["schedule"]
        await one.tick(600)
        assert len(one.starts) == 1
        await one.tick(86_400)
        assert len(one.starts) == 2


async def test_it_does_not_overlap_its_own_unfinished_run(tmp_path: Path) -> None:
    agent = Agent()
    agent.may_end.clear()
    async with site(config(tmp_path), agent=agent) as one:
        await one.tick()
        await one.tick(HOUR + 5)
        await one.tick(HOUR)
        assert len(one.starts) == 1
        row = await one.row()
        assert (row.state, row.skipped) == ("running", 2)
        with pytest.raises(UsageError, match="still at its start"):
            await one.part.run_now("disk-scout")
        agent.may_end.set()
        await one.part.settled()
        await one.tick()
        assert len(one.starts) == 1, "what was left out is not made up"
        await one.tick(HOUR - 5)
        assert len(one.starts) == 2
        assert one.notices() == []


async def test_after_a_suspend_one_start_stands_for_all_and_is_told(tmp_path: Path) -> None:
    async with site(config(tmp_path)) as one:
        await one.tick()
        await one.tick(14.5 * HOUR)
        await one.tick(60)
        assert len(one.starts) == 2
        (told,) = one.notices("daemon-missed")
        assert told.severity == "info"
        assert "14 starts were missed, the first 13h ago; made up once" in told.text


async def test_a_restart_does_not_start_it_again(tmp_path: Path) -> None:
    clock = FixedClock()
    async with site(config(tmp_path), clock=clock) as one:
        await one.tick()
    clock.advance(HOUR / 2)
    async with site(config(tmp_path), clock=clock) as again:
        await again.tick()
        assert again.starts == []
        await again.tick(HOUR / 2)
        assert len(again.starts) == 1


async def test_an_alert_is_told_without_what_could_harm_the_terminal(tmp_path: Path) -> None:
    agent = Agent("**ALERT** /srv is 97% full\x1b]52;c;bWFs\x07\u202e\nsecond line")
    async with site(config(tmp_path), agent=agent) as one:
        await one.tick()
        (told,) = one.notices("daemon-alert")
        assert (told.severity, told.source, told.run) == (
            "warning",
            "web01",
            one.starts[0].runs[0].id,
        )
        assert told.text.startswith("disk-scout: ALERT** /srv is 97% full")
        assert not any(c in told.text for c in "\x1b\x07\u202e\n")
        agent.answer = "No ALERT: all is well"
        await one.tick(HOUR)
        agent.answer = "ALERTED nobody"
        await one.tick(HOUR)
        assert len(one.notices("daemon-alert")) == 1


async def test_one_notice_for_an_episode_of_failures_and_one_for_its_end(tmp_path: Path) -> None:
    agent, clock = Agent(), FixedClock()
    async with site(config(tmp_path), agent=agent, clock=clock) as one:
        agent.is_broken = True
        await one.tick()
        assert one.notices() == []
        await one.tick(HOUR)
        (told,) = one.notices("daemon-failing")
        assert told.severity == "error"
        assert "daemon disk-scout failed 2 times in a row: web01:" in told.text
        await one.tick(HOUR)
    async with site(config(tmp_path), agent=agent, clock=clock) as again:  # also after a restart
        await again.tick(HOUR)
        assert again.notices("daemon-failing") == []
        assert (await again.row()).failures == 4
        agent.is_broken = False
        await again.tick(HOUR)
        await again.tick(HOUR)
        assert [n.text for n in again.notices("daemon-back")] == [
            "daemon disk-scout succeeds again"
        ]
        assert (await again.row()).failures == 0


async def test_the_gate_refuses_what_is_over_the_budget(tmp_path: Path) -> None:
    from dataclasses import replace

    poor = replace(config(tmp_path), budget=Budget(usd_per_day=0.1))
    async with site(poor) as one:
        await one.tick()
        row = await one.row()
        assert row.last is not None
        assert row.last.outcome == "refused"
        assert "left today" in row.last.said
        (line,) = one.stage.log("refused")
        assert (line.fields["origin"], line.fields["name"]) == ("daemon", "disk-scout")
        assert one.agent.lines == []


async def test_one_that_may_write_waits_for_a_confirmation(tmp_path: Path) -> None:
    writer = {**SCOUT, "mode": "write"}
    clock = FixedClock()
    async with site(config(tmp_path, writer), clock=clock) as one:
        await one.tick()
        await one.tick(HOUR)
        assert one.starts == []
        (asked,) = one.notices("daemon-unconfirmed")
        assert "fleet-tui daemon confirm disk-scout" in asked.text
        assert (await one.row()).state == "unconfirmed"
        with pytest.raises(Refused, match="nobody has confirmed"):
            await one.part.run_now("disk-scout")
        await one.part.confirm("disk-scout")
        (line,) = one.stage.log("daemon")
        assert (line.fields["order"], line.fields["name"]) == ("confirm", "disk-scout")
        assert line.fields["digest"]
        await one.tick(HOUR)
        assert [event.dispatch.mode for event in one.starts] == ["write"]
    changed = {**writer, "prompt": "Delete what is old."}
    async with site(config(tmp_path, changed), clock=clock) as other:
        await other.tick(2 * HOUR)
        assert other.starts == [], "what was confirmed is another prompt"
    async with site(config(tmp_path), clock=clock) as reader:
        with pytest.raises(UsageError, match="only reads"):
            await reader.part.confirm("disk-scout")


async def test_a_plain_command_is_never_run_by_itself(tmp_path: Path) -> None:
    async with site(config(tmp_path, {**SCOUT, "agent": "shell"})) as one:
        await one.tick()
        row = await one.row()
        assert row.last is not None
        assert (row.last.outcome, one.agent.lines) == ("refused", [])


async def test_pausing_is_kept_and_nothing_is_made_up_for_it(tmp_path: Path) -> None:
    clock = FixedClock()
    async with site(config(tmp_path), clock=clock) as one:
        await one.tick()
        await one.part.pause("disk-scout", True)
        await one.tick(3 * HOUR)
    async with site(config(tmp_path), clock=clock) as again:
        await again.tick(2.5 * HOUR)
        assert again.starts == []
        row = await again.row()
        assert (row.state, row.next_at) == ("paused", None)
        await again.part.run_now("disk-scout")
        await again.tick()
        assert len(again.starts) == 1, "by hand it may be started"
        await again.part.pause("disk-scout", False)
        await again.tick()
        assert len(again.starts) == 1
        await again.tick(HOUR / 2)
        assert len(again.starts) == 2
        assert again.notices() == []
        with pytest.raises(UsageError, match="did you mean disk-scout"):
            await again.part.pause("disk-scot", True)


async def test_run_now_leaves_the_row_of_times_alone(tmp_path: Path) -> None:
    async with site(config(tmp_path)) as one:
        await one.tick()
        before = (await one.row()).next_at
        await one.tick(HOUR / 3)
        await one.part.run_now("disk-scout")
        await one.tick()
        row = await one.row()
        assert row.last is not None
        assert (len(one.starts), row.next_at, row.last.is_by_hand) == (2, before, True)


async def test_it_rests_until_a_limit_is_over(tmp_path: Path) -> None:
    agent, clock = Agent(), FixedClock()
    agent.resets_at = clock.time() + 3.5 * HOUR
    async with site(config(tmp_path), agent=agent, clock=clock) as one:
        await one.tick()
        row = await one.row()
        assert (row.state, row.next_at) == ("resting", clock.time() + 4 * HOUR)
        await one.tick(HOUR)
        await one.tick(HOUR)
        agent.resets_at = None
        await one.tick(HOUR)
        assert len(one.starts) == 1
        await one.tick(HOUR)
        assert len(one.starts) == 2


async def test_it_is_parked_with_its_run(tmp_path: Path) -> None:
    agent, clock = Agent(), FixedClock()
    agent.resets_at = clock.time() + 1.5 * HOUR
    async with site(config(tmp_path, on_limit="wait"), agent=agent, clock=clock) as one:
        await one.part.tick()
        parking = one.stage.fleet.parts.parking
        while not parking.all():
            await one.stage.until(lambda _: bool(parking.all()))
        clock.advance(HOUR)
        await one.part.tick()
        assert (await one.row()).state == "parked"
        assert len(one.starts) == 1
        agent.resets_at = None
        clock.advance(HOUR)
        await parking.look()
        await one.part.settled()
        row = await one.row()
        assert row.last is not None
        assert (row.state, row.last.outcome, row.last.cost_usd) == ("waiting", "ok", 0.02)


async def test_it_beats_while_it_is_run_and_ends_its_beat_on_purpose(tmp_path: Path) -> None:
    async with site(config(tmp_path)) as one:
        folder = one.stage.fleet.data_dir / "heartbeats"
        await one.tick()
        await one.tick(1)
        (first,) = beat_files.read(folder)
        assert (first.name, first.kind, first.word) == (
            "disk-scout",
            "daemon",
            "ok: plenty of room",
        )
        await one.tick(1)
        assert beat_files.read(folder) == [first]
        await one.tick(60)
        (second,) = beat_files.read(folder)
        assert second.counter != first.counter
        view = await one.stage.fleet.parts.beats.look()
        assert [(p.kind, p.name) for p in view.pulses] == [("daemon", "disk-scout")]
    assert beat_files.read(folder) == []
