"""A migration goes on where it stopped, does nothing unsafe, and says what it needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.clock import SystemClock
from fleet_tui.model.config import FleetConfig
from fleet_tui.model.errors import FleetError, UsageError
from fleet_tui.model.host import Host
from fleet_tui.roles.patterns.migrate import Migrator, StepResult
from fleet_tui.roles.patterns.record import FILE, read_migration
from tests.roles.patterns.homes import FolderMachines

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.roles.patterns.surfaces import Pattern, Surface

HOSTS = (
    Host("desk", roles=frozenset({"primary"})),
    Host("laptop", roles=frozenset({"secondary"})),
    Host("nas", roles=frozenset({"hub"})),
)
SWITCHED = {"surfaces": {"memory": "hub"}}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def machines(tmp_path: Path) -> FolderMachines:
    made = FolderMachines(FleetConfig(hosts=HOSTS), tmp_path / "homes")
    for host in ("desk", "laptop"):
        made.put(host, "CLAUDE.md", "be brief\n")
        made.put(host, "memory/build notes.md", "make -j2\n")
        made.put(host, "settings.json", "{}")
    made.home("nas")
    return made


async def go(
    machines: FolderMachines,
    data_dir: Path,
    surface: Surface = "memory",
    source: Pattern = "primary",
    target: Pattern = "hub",
    *,
    confirmed: frozenset[str] = frozenset(),
) -> list[StepResult]:
    migrator = Migrator(machines.config, machines, data_dir, SystemClock())
    return [step async for step in migrator.run(surface, source, target, confirmed)]


def states(results: list[StepResult]) -> list[str]:
    return [f"{result.step} {result.state}" for result in results]


async def test_it_goes_on_after_the_operator_has_switched(
    machines: FolderMachines, data: Path
) -> None:
    first = await go(machines, data)
    assert states(first) == [
        "reach done",
        "quiet done",
        "same done",
        "backup done",
        "seed done",
        "switch waits",
    ]
    assert machines.read("nas", "memory/build notes.md") == "make -j2\n"
    assert not (machines.home("nas") / ".claude" / "settings.json").exists()
    backups = machines.home("desk") / ".local/state/fleet-tui/migrations"
    assert [file.suffixes for file in backups.iterdir()] == [[".tar", ".gz"]]
    machines.config = replace(machines.config, sections=SWITCHED)
    second = await go(machines, data)
    assert states(second)[-2:] == ["switch done", "after done"]
    assert all(result.state == "already" for result in second[:5])
    assert read_migration(data) is None


async def test_a_difference_blocks_before_anything_is_written(
    machines: FolderMachines, data: Path
) -> None:
    machines.put("laptop", "CLAUDE.md", "be long\n")
    found = await go(machines, data)
    assert states(found)[-1] == "same blocked"
    assert "laptop and desk differ in CLAUDE.md" in found[-1].text
    assert not (machines.home("desk") / ".local").exists()


async def test_a_machine_that_is_away_blocks(machines: FolderMachines, data: Path) -> None:
    machines.away.add("laptop")
    [step] = await go(machines, data)
    assert (step.state, step.step) == ("blocked", "reach")
    assert "laptop" in step.text


async def test_a_conflict_copy_blocks(machines: FolderMachines, data: Path) -> None:
    machines.put("laptop", "CLAUDE-DESK.md", "x")
    found = await go(machines, data)
    assert states(found)[-1] == "quiet blocked"
    assert "CLAUDE-DESK.md" in found[-1].text


async def test_the_hub_keeps_what_it_has(machines: FolderMachines, data: Path) -> None:
    machines.put("nas", "projects/x.txt", "not of this surface")
    await go(machines, data)
    assert machines.read("nas", "projects/x.txt") == "not of this surface"


async def test_a_hub_with_other_notes_is_never_overwritten(
    machines: FolderMachines, data: Path
) -> None:
    machines.put("nas", "CLAUDE.md", "older\n")
    found = await go(machines, data)
    assert states(found)[-1] == "same blocked"
    assert machines.read("nas", "CLAUDE.md") == "older\n"


async def test_what_only_a_person_can_do_is_confirmed(machines: FolderMachines, data: Path) -> None:
    first = await go(machines, data, target="mesh")
    assert states(first)[-1] == "sync waits"
    machines.config = replace(machines.config, sections={"surfaces": {"memory": "mesh"}})
    second = await go(machines, data, target="mesh", confirmed=frozenset({"sync"}))
    assert states(second)[-1] == "after done"


async def test_another_migration_waits_its_turn(machines: FolderMachines, data: Path) -> None:
    await go(machines, data)
    with pytest.raises(UsageError, match="another migration is under way"):
        await go(machines, data, surface="skills")
    Migrator(machines.config, machines, data, SystemClock()).abandon()
    assert states(await go(machines, data, surface="skills"))[-1] == "switch waits"


@pytest.mark.parametrize(
    ("surface", "source", "target", "told"),
    [
        ("memory", "primary", "primary", "would stay"),
        ("memory", "hub", "mesh", "follows primary, not hub"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    machines: FolderMachines,
    data: Path,
    surface: Surface,
    source: Pattern,
    target: Pattern,
    told: str,
) -> None:
    with pytest.raises(UsageError, match=told):
        await go(machines, data, surface, source, target)


async def test_a_mesh_too_large_is_refused(machines: FolderMachines, data: Path) -> None:
    more = tuple(Host(f"m{number}") for number in range(4))
    machines.config = replace(machines.config, hosts=(*HOSTS, *more))
    with pytest.raises(UsageError, match="too many for mesh"):
        await go(machines, data, target="mesh")


async def test_a_broken_record_is_told_and_kept(machines: FolderMachines, data: Path) -> None:
    (data / FILE).write_text("[migration]\nsurface = 1\n")
    with pytest.raises(FleetError, match="cannot be read"):
        await go(machines, data)
    assert (data / FILE).exists()
