"""Keys typed faster than the screen paints reach what the key before them opened."""

from __future__ import annotations

import pytest

from fleet_tui.tui.screens.confirm import ConfirmScreen
from tests.tui.desk import at_desk
from tests.tui.scene import recorded


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_pane_has_the_focus_before_the_next_key(size: tuple[int, int]) -> None:
    control = recorded()
    async with at_desk(control, size) as desk:
        await desk.burst("5", "c", "x")
        assert desk.is_on(ConfirmScreen)
        assert control.calls == []


async def test_what_is_typed_into_a_filter_is_no_command() -> None:
    async with at_desk(recorded()) as desk:
        await desk.burst("slash", "d", "r", "o", "enter")
        assert desk.is_home()
        assert list(desk.app.main.hosts.table.shown_keys) == ["droplet"]


async def test_a_command_line_takes_every_letter() -> None:
    async with at_desk(recorded()) as desk:
        await desk.burst("colon", *"notices", "enter")
        assert desk.app.main.current == "notices"


async def test_the_composer_takes_every_letter_of_the_prompt() -> None:
    async with at_desk(recorded()) as desk:
        await desk.burst("d", *"quick", "escape")
        assert desk.app.draft.prompt == "quick"
        assert desk.is_home()
