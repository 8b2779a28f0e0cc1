"""Every screen, small and large: no cut word, no box over a box, no colour that cannot be read."""

from __future__ import annotations

import pytest

from tests.pictures.faults import faults_of
from tests.pictures.scenes import SCENES, SIZES, Scene, by_commands
from tests.tui.desk import at_desk
from tests.tui.scene import recorded


@pytest.mark.parametrize("size", SIZES, ids=[f"{w}x{h}" for w, h in SIZES])
@pytest.mark.parametrize("scene", SCENES, ids=[scene.name for scene in SCENES])
async def test_a_screen_has_no_fault(scene: Scene, size: tuple[int, int]) -> None:
    async with at_desk(scene.fleet(), size=size, read_only=scene.is_read_only) as desk:
        await desk.press(*scene.keys)
        assert faults_of(desk.app) == [], desk.text()


@pytest.mark.parametrize("size", SIZES, ids=[f"{w}x{h}" for w, h in SIZES])
async def test_the_screens_of_all_commands_have_no_fault(size: tuple[int, int]) -> None:
    async with at_desk(recorded(), size=size) as desk:
        faults = {}
        for command in await by_commands(desk):
            await desk.press(":", *command, "enter")
            faults[command] = faults_of(desk.app)
            while not desk.is_home():
                desk.app.pop_screen()
                await desk.settle()
        assert {command: found for command, found in faults.items() if found} == {}


async def test_a_fault_would_be_seen() -> None:
    async with at_desk(recorded(), size=(80, 24)) as desk:
        desk.app.main.hints.update("x" * 100)
        desk.app.main.hints.plain = "x" * 100
        desk.app.main.hosts.border_title = "y" * 100
        desk.app.main.status.styles.offset = (0, 1)
        desk.app.main.status.update("status")
        await desk.settle()
        found = "\n".join(faults_of(desk.app))
        assert "a hint is cut" in found
        assert "cuts its title" in found
        assert "overlap" in found
