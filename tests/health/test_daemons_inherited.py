"""A machine that begins to lead goes on where the one before left off, as fleet.log tells it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import tomli_w

from fleet_tui.health.daemons_inherited import Inherited, last_starts
from tests.health.daemon_stage import HOUR, SCOUT, config, site
from tests.tui.fixed_clock import FixedClock

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.model.config import FleetConfig


def machine(folder: Path, *duties: dict[str, object]) -> FleetConfig:
    """Return the fleet as one machine has it, with a state folder and a log of its own."""
    folder.mkdir(exist_ok=True)
    return config(folder, *duties)


def mirror(source: FleetConfig, target: FleetConfig) -> None:
    """Bring one machine's log to another."""
    assert source.log is not None
    assert target.log is not None
    shutil.copy(source.log, target.log)


async def test_what_another_machine_has_just_started_is_not_started_again(tmp_path: Path) -> None:
    clock = FixedClock()
    before, after = machine(tmp_path / "a"), machine(tmp_path / "b")
    async with site(before, clock=clock) as one:
        await one.tick()
        await one.tick(HOUR)
        assert len(one.starts) == 2
        due = (await one.row()).next_at
    mirror(before, after)
    clock.advance(HOUR / 2)
    async with site(after, clock=clock) as other:
        await other.tick()
        assert other.starts == []
        assert (await other.row()).next_at == due
        await other.tick(HOUR / 2 + 1)
        assert len(other.starts) == 1
        await other.tick(HOUR / 2)
        assert len(other.starts) == 1


async def test_a_missed_start_of_the_other_machine_is_made_up_by_one(tmp_path: Path) -> None:
    clock = FixedClock()
    before, after = machine(tmp_path / "a"), machine(tmp_path / "b")
    async with site(before, clock=clock) as one:
        await one.tick()
    mirror(before, after)
    clock.advance(3.5 * HOUR)
    async with site(after, clock=clock) as other:
        await other.tick()
        await other.tick(60)
        assert len(other.starts) == 1
        (told,) = other.notices("daemon-missed")
        assert "3 starts were missed" in told.text


async def test_a_start_by_hand_leaves_a_schedule_its_time_of_day(tmp_path: Path) -> None:
    clock = FixedClock()
    soon = datetime.fromtimestamp(clock.time() + 600)
    report = {**SCOUT, "name": "report", "at": soon.strftime("%H:%M")}
    report.pop("every")
    before, after = machine(tmp_path / "a", report), machine(tmp_path / "b", report)
    async with site(before, clock=clock) as one:
        await one.tick()
        await one.part.run_now("report")
        await one.tick()
        assert len(one.starts) == 1
        (line,) = one.stage.log("daemon")
        assert (line.fields["order"], line.fields["name"]) == ("start", "report")
        assert "due" not in line.fields
    mirror(before, after)
    async with site(after, clock=clock) as other:
        await other.tick()
        assert other.starts == []
        await other.tick(600)
        assert len(other.starts) == 1


async def test_nothing_starts_before_the_log_of_the_other_was_taken_over(tmp_path: Path) -> None:
    clock = FixedClock()
    before = machine(tmp_path / "a")
    after = replace(machine(tmp_path / "b"), this_host="web02")
    async with site(before, clock=clock) as one:
        await one.tick()
        due = (await one.row()).next_at
    async with site(after, clock=clock) as other:
        data_dir = other.stage.fleet.data_dir
        leads(data_dir, "web01", 2, office=0)
        await other.tick()
        assert (await other.row()).why.startswith("web01 leads")
        leads(data_dir, "web02", 3, office=0)
        await other.tick()
        assert (other.starts, (await other.row()).is_ours) == ([], False)
        mirror(before, after)
        leads(data_dir, "web02", 3, office=3)
        await other.tick()
        row = await other.row()
        assert (other.starts, row.is_ours, row.next_at) == ([], True, due)


def leads(data_dir: Path, host: str, epoch: int, *, office: int) -> None:
    """Let a machine know who leads, and whether it has gone on with the log."""
    record = {"primary": host, "epoch": epoch, "since": "2026-11-20T10:00:00+00:00", "by": "me"}
    aside = data_dir / "aside.toml"
    aside.write_text(tomli_w.dumps({"highest": epoch, "office": office, "record": record}))
    aside.replace(data_dir / "roles.toml")


def test_the_newest_line_counts_in_whichever_file_it_stands(tmp_path: Path) -> None:
    log = tmp_path / "fleet.log"
    old, new = tmp_path / "fleet.log.1", tmp_path / "fleet.log.2"
    at = "2026-11-20T10:00:00.000000+00:00  daemon  order="
    old.write_text(f'{at}start name=a due=1.5 rhythm="every 1h"\n')
    new.write_text(
        f'{at}start name=a due=2.5 rhythm="every 1h"\n{at}start name=b due=3 rhythm="every 2h"\n'
    )
    log.write_text(
        f"{at}pause name=a due=9\n{at}start name=a\n{at}start name=a due=soon\n"
        f"{at}start name=other due=9\n"
        "2026-11-20T10:00:00.000000+00:00  dispatch  name=a order=start due=9"
        ' msg="x  daemon  y"\n'
    )
    assert last_starts(log, {"a", "b", "never"}) == {
        "a": Inherited(2.5, "every 1h"),
        "b": Inherited(3.0, "every 2h"),
    }
    assert last_starts(tmp_path / "none.log", {"a"}) == {}
