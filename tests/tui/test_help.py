"""Help opens wherever something is being written or asked, and leaves it as it was."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from fleet_tui.tui.screens.command_line import CommandLine
from fleet_tui.tui.screens.composer import ComposerScreen
from fleet_tui.tui.screens.confirm import ConfirmScreen
from fleet_tui.tui.screens.help import HelpScreen
from fleet_tui.tui.screens.picker import Picker
from fleet_tui.tui.screens.plan import PlanScreen
from fleet_tui.tui.screens.promotion import PromotionScreen
from tests.tui.desk import at_desk
from tests.tui.scene import recorded


async def test_over_the_composer_it_leaves_the_draft_and_the_cursor_where_they_were() -> None:
    async with at_desk(recorded(), size=(80, 24)) as desk:
        await desk.press("1", *"jjj", "d")
        await desk.write("tidy up?")
        composer = desk.app.screen
        assert isinstance(composer, ComposerScreen)
        assert "f1 help" in desk.text()
        was = composer.prompt.cursor_location
        await desk.press("f1")
        assert desk.is_on(HelpScreen)
        text = desk.text()
        assert "Help · composer" in text
        assert "Close, and keep the draft" in text
        await desk.write("hist")
        assert "Prompts sent before" in desk.text()
        await desk.press("escape")
        assert desk.is_on(ComposerScreen)
        assert composer.prompt.has_focus
        assert (composer.prompt.text, composer.prompt.cursor_location) == ("tidy up?", was)
        assert composer.draft.prompt == "tidy up?"
        await desk.press("f1", "f1")
        assert desk.is_on(ComposerScreen)
        await desk.write(" now")
        assert composer.draft.prompt == "tidy up? now"


async def test_over_a_command_line_it_lists_the_commands_of_the_place_below() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("4", ":")
        await desk.write("not")
        line = desk.app.screen
        assert isinstance(line, CommandLine)
        await desk.press("f1")
        assert "Help · notices" in desk.text()
        await desk.press("escape")
        assert desk.is_on(CommandLine)
        assert line.query_one(Input).value == "not"


async def test_over_a_question_before_leaving_it_answers_nothing() -> None:
    control = recorded()
    control.start(["nas1"], "another prompt")
    async with at_desk(control) as desk:
        await desk.press("q")
        asked = desk.app.screen
        assert isinstance(asked, ConfirmScreen)
        await desk.press("?")
        assert desk.is_on(HelpScreen)
        await desk.press("f1")
        assert desk.is_on(ConfirmScreen)
        assert asked.query_one("#no").has_focus


@pytest.mark.parametrize(("keys", "screen"), [(["f4"], Picker), (["f8"], PlanScreen)])
async def test_over_a_dialog_of_the_composer_it_is_the_composers(
    keys: list[str], screen: type[Picker | PlanScreen]
) -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("d", *keys)
        assert desk.is_on(screen)
        await desk.press("f1")
        assert "Help · composer" in desk.text()
        await desk.press("escape")
        assert desk.is_on(screen)


async def test_where_a_name_is_typed_only_the_key_that_is_no_text_is_promised() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("1", "p")
        page = desk.app.screen
        assert isinstance(page, PromotionScreen)
        assert isinstance(desk.app.focused, Input)
        assert page.hints.plain.endswith("f1 help")
        await desk.press("f1")
        assert "Help · promotion" in desk.text()
        await desk.press("f1")
        assert desk.is_on(PromotionScreen)
