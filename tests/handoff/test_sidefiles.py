"""What lies beside a transcript moves with it: all of it, once, with its checksums, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from fleet_tui.handoff import copy as copying
from fleet_tui.handoff import mover, script, sidefiles
from fleet_tui.handoff.plan import HandoffRequest
from fleet_tui.model.errors import FleetError
from tests.handoff.planted import SESSION, plant_claude
from tests.handoff.test_cut_off import Cut, fleet_of_two

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.transport.base import Connection

FILES = {
    "subagents/agent-a0123456789abcdef.jsonl": b'{"type":"user","isSidechain":true}\n',
    "subagents/wf_01234567-abc-1/agent-a0123456.jsonl": b"{}\n",
    "tool-results/a b'$x.txt": b"\x00\xff" * 70_000,
}
REQUEST = HandoffRequest("r-1", "new")


def plant(folder: Path) -> Path:
    """Write a transcript with side files on `old`; returns their folder."""
    beside = plant_claude(folder / "old").with_suffix("")
    for name, data in FILES.items():
        path = beside / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return beside


def below(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def beside_on(folder: Path, host: str) -> dict[str, dict[str, bytes]]:
    """Return what lies in folders named for the session on a host, by their names."""
    projects = folder / host / ".claude" / "projects"
    return {path.name: below(path) for path in projects.glob(f"*/{SESSION}*") if path.is_dir()}


async def test_all_of_it_goes_along_and_comes_back(tmp_path: Path) -> None:
    plant(tmp_path)
    said: list[str] = []
    async with fleet_of_two(tmp_path) as fleet:
        done = await fleet.parts.handoff.hand_off(REQUEST, said.append)
        assert "3 files of its subagents and tools copied, each with its checksum" in said
        assert beside_on(tmp_path, "new") == {SESSION: FILES}
        assert beside_on(tmp_path, "old") == {f"{SESSION}.moved-{done.id}": FILES}
        (stone,) = (tmp_path / "old/state/fleet-tui/moved").glob("*.json")
        assert f"{SESSION}.moved-{done.id}" in stone.read_text()
        await fleet.parts.handoff.take_back("r-1")
        assert beside_on(tmp_path, "old") == {SESSION: FILES}
        assert beside_on(tmp_path, "new") == {f"{SESSION}.taken-back-{done.id}": FILES}


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", ["tree", "copy", "move old", "move new"])
async def test_it_is_completed_from_wherever_it_was_cut_off(
    step: str, is_after: bool, tmp_path: Path
) -> None:
    plant(tmp_path)
    copies = 0

    async def cut(connection: Connection, *words: str, **more: object) -> script.Told:
        is_step = step in (words[0], f"{words[0]} {connection.host.name}")
        told = script.Told()
        if not is_step or is_after:
            told = await script.ask(connection, *words, **more)  # type: ignore[arg-type]
        if is_step:
            raise Cut
        return told

    async def cut_copy(source: Connection, path: str, target: Connection, beside: str) -> str:
        nonlocal copies
        copies += 1
        if step == "copy" and copies == 2 and not is_after:
            raise Cut
        digest = await copying.copy(source, path, target, beside)
        if step == "copy" and copies == 2:
            raise Cut
        return digest

    async with fleet_of_two(tmp_path) as fleet:
        with (
            patch.object(sidefiles, "ask", cut),
            patch.object(sidefiles, "copy", cut_copy),
            pytest.raises(Cut),
        ):
            await fleet.parts.handoff.hand_off(REQUEST)
        done = await fleet.parts.handoff.hand_off(REQUEST)
        assert done.step == "done"
        assert beside_on(tmp_path, "new") == {SESSION: FILES}
        assert beside_on(tmp_path, "old") == {f"{SESSION}.moved-{done.id}": FILES}


async def test_half_way_it_is_taken_back(tmp_path: Path) -> None:
    plant(tmp_path)

    async def cut(connection: Connection, *words: str, **more: object) -> script.Told:
        if words[0] == "publish":
            raise Cut
        return await script.ask(connection, *words, **more)  # type: ignore[arg-type]

    async with fleet_of_two(tmp_path) as fleet:
        with patch.object(mover, "ask", cut), pytest.raises(Cut):
            await fleet.parts.handoff.hand_off(REQUEST)
        await fleet.parts.handoff.take_back("r-1")
        assert beside_on(tmp_path, "old") == {SESSION: FILES}
        assert SESSION not in beside_on(tmp_path, "new")


async def test_what_a_subagent_says_at_the_last_moment_goes_along(tmp_path: Path) -> None:
    late = plant(tmp_path) / "subagents" / "agent-alate.jsonl"

    async def told(connection: Connection, *words: str, **more: object) -> script.Told:
        if words[0] == "aside":
            late.write_bytes(b"late\n")
        return await script.ask(connection, *words, **more)  # type: ignore[arg-type]

    async with fleet_of_two(tmp_path) as fleet:
        with patch.object(mover, "ask", told):
            await fleet.parts.handoff.hand_off(REQUEST)
        assert beside_on(tmp_path, "new") == {
            SESSION: {**FILES, "subagents/agent-alate.jsonl": b"late\n"}
        }


async def test_too_many_are_said_before_anything_is_set_aside(tmp_path: Path) -> None:
    plant(tmp_path)
    async with fleet_of_two(tmp_path) as fleet:
        with patch.object(sidefiles, "MOST_FILES", 2), pytest.raises(FleetError, match="more than"):
            await fleet.parts.handoff.hand_off(REQUEST)
        assert beside_on(tmp_path, "old") == {SESSION: FILES}
