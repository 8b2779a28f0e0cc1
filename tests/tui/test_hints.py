"""The last line and the help name what can be done here, and nothing else."""

from __future__ import annotations

import pytest

from tests.tui.desk import at_desk
from tests.tui.scene import recorded


@pytest.mark.parametrize("key", ["d", "?", "ctrl+p", ":"])
async def test_under_a_dialog_no_key_is_promised_that_it_takes(key: str) -> None:
    async with at_desk(recorded()) as desk:
        before = desk.app.main.hints.plain
        assert "d dispatch" in before
        await desk.press(key)
        assert desk.app.main.hints.plain == "esc back"
        await desk.press("escape")
        assert desk.app.main.hints.plain == before


async def test_under_a_dialog_on_a_page_too() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("l")
        page = desk.app.screen
        await desk.press("?")
        assert page.hints.plain == "esc back"  # type: ignore[attr-defined]
        await desk.press("escape")
        assert "verify" in page.hints.plain  # type: ignore[attr-defined]


async def test_help_tells_why_of_the_place_it_is_about() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("?")
        await desk.write("mark the row")
        assert "Mark the row" in desk.text()
        assert "cannot be marked" not in desk.text()


@pytest.mark.parametrize(
    ("width", "told"),
    [
        (80, " 1 hosts 9  2 queue  3 peers  4 notices 4  5 output"),
        (50, " 1 hosts  2 queue  3 peers  4 notices  5 output"),
        (40, " 1 hosts  2  3  4  5"),
    ],
)
async def test_a_narrow_screen_names_every_pane(width: int, told: str) -> None:
    async with at_desk(recorded(), size=(width, 12)) as desk:
        line = desk.text().splitlines()[1]
        assert " ".join(line.split()) == " ".join(told.split())
        await desk.press("4")
        assert "4 notices" in desk.text().splitlines()[1]
