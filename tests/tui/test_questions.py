"""An agent asks, the operator answers: nothing but a deliberate key does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from textual import events
from textual.widgets import Input

from fleet_tui.model.errors import UsageError
from fleet_tui.model.question import Allow, AllowEdited, Choice, Choose, Deny, Option
from fleet_tui.tui.screens.composer import ComposerScreen
from fleet_tui.tui.screens.question import READ_NEXT_FIRST, QuestionScreen
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl
from tests.tui.scene import connect, recorded

if TYPE_CHECKING:
    from fleet_tui.model.question import Question
    from tests.tui.desk import Desk

COMMAND = "rm -rf /srv/backup/old && touch /srv/backup/.cleaned"


def asking(*texts: str) -> tuple[FakeControl, str, list[Question]]:
    """Return a fleet in which nas1 asks each of these, ten seconds apart."""
    control = FakeControl()
    connect(control)
    dispatch = control.start(["nas1", "web01"], "clean up")
    for host in ("nas1", "web01"):
        control.move(dispatch, host, "running", "Bash")
    asked = []
    for text in texts:
        asked.append(control.ask(dispatch, "nas1", text, why="Bash is not in the allow list"))
        control.now += 10
    control.set_fleet()
    return control, dispatch, asked


def answers(control: FakeControl) -> list[tuple[str, object]]:
    """Return (question, answer) of every answer that was sent."""
    return [(call[1], call[2]) for name, call in control.calls if name == "answer"]  # type: ignore[index]


async def read(desk: Desk, seconds: float = READ_NEXT_FIRST) -> None:
    """Look at a card long enough to allow it."""
    desk.clock.advance(seconds)
    await desk.settle()


async def test_a_question_shows_in_the_status_line_and_the_notices_and_never_opens_itself() -> None:
    control, dispatch, _ = asking(COMMAND)
    async with at_desk(control) as desk:
        assert desk.is_home()
        assert "? 1 question · 12s" in desk.app.main.status.plain
        control.ask(dispatch, "web01", "reboot")
        await desk.press("d")
        await desk.settle()
        assert desk.is_on(ComposerScreen)
        assert any("web01: asks: Bash: reboot (! answers)" in t for t in desk.toasts())
        await desk.press("escape")
        assert "? 2 questions · oldest 1" in desk.app.main.status.plain
        assert "? nas1" in desk.text()
        assert "may it run Bash: reboot" in desk.text()


async def test_the_card_tells_all_there_is_to_decide_by() -> None:
    control, dispatch, _ = asking()
    control.ask(
        dispatch,
        "nas1",
        COMMAND,
        why="Bash is not in the allow list",
        path="/srv/backup/old",
        description="Tidy up a little",
        details='{"timeout": 5}',
        is_exact=False,
        is_subagent=True,
    )
    control.lose_contact(dispatch, "nas1", control.now - 12)
    async with at_desk(control) as desk:
        await desk.press("!")
        shown = desk.text()
        for words in (
            "nas1 asks: may it run this command?",
            COMMAND,
            "nas1 · run",
            "a subagent",
            "Bash is not in the allow list",
            "/srv/backup",
            "“Tidy up a little” (its own claim)",
            "not all of it is shown",
            '{"timeout": 5}',
            "lost contact 14s ago",
            "asked 2s ago",
        ):
            assert words in shown, words
        desk.clock.advance(60)
        await desk.settle()
        assert "asked 1m ago" in desk.text()


async def test_yes_counts_only_once_the_card_could_be_read_and_enter_never_does() -> None:
    control, _, asked = asking(COMMAND)
    async with at_desk(control) as desk:
        await desk.burst("!", "y")
        assert desk.is_on(QuestionScreen)
        assert not control.calls
        assert "Read it first" in desk.text()
        for _ in range(20):
            desk.clock.advance(0.05)
            await desk.strike("y")
        assert not control.calls
        desk.clock.advance(5)
        await desk.press("enter", "space", "enter")
        desk.app.post_message(events.Paste("y\ny\r"))
        await desk.settle()
        assert not control.calls
        await desk.press("y")
        assert answers(control) == [(asked[0].id, Allow())]
        assert desk.is_home()
        assert desk.toasts() == ["nas1: allowed once."]


async def test_answers_lead_to_the_next_question_which_must_be_read_again() -> None:
    control, _, asked = asking("first", "second", "third")
    async with at_desk(control) as desk:
        await desk.press("f3")
        assert "1 of 3" in desk.text()
        await desk.press("]")
        assert "2 of 3" in desk.text()
        await desk.press("[", "[")
        assert "3 of 3" in desk.text()
        await desk.press("!")
        assert "1 of 3" in desk.text()
        await read(desk)
        await desk.press("y", "y")
        assert answers(control) == [(asked[0].id, Allow())]
        assert "1 of 2" in desk.text()
        assert "second" in desk.text()


async def test_denied_with_a_reason_and_denied_for_good() -> None:
    control, _, asked = asking("first", "second")
    async with at_desk(control) as desk:
        await desk.press("!", "n")
        await desk.write("not on fridays")
        await desk.press("enter")
        await desk.press("x")
        assert "stops the run" in desk.text()
        await desk.press("escape", "x", "enter")
        assert answers(control) == [
            (asked[0].id, Deny("not on fridays")),
            (asked[1].id, Deny("", stops=True)),
        ]
        assert desk.is_home()


async def test_an_edited_command_is_what_is_sent() -> None:
    control, _, asked = asking("rm -rf\t/srv")
    async with at_desk(control) as desk:
        await desk.press("!", "e")
        await desk.press("end")
        await desk.write("/old")
        await desk.press("y")
        assert not control.calls
        await desk.press("f5")
        assert answers(control) == [(asked[0].id, AllowEdited("rm -rf\t/srv/oldy"))]


async def test_what_is_not_known_whole_is_not_offered_for_editing() -> None:
    control, dispatch, _ = asking()
    control.ask(dispatch, "nas1", "rm …", is_exact=False)
    async with at_desk(control) as desk:
        await desk.press("!", "e", "f5")
        assert "nothing to run" in desk.text()
        await desk.press("escape", "escape")
        assert desk.is_home()
        assert not control.calls


async def test_choices_are_picked_by_number_or_written() -> None:
    control, dispatch, _ = asking()
    question = control.ask(
        dispatch,
        "nas1",
        tool="AskUserQuestion",
        kind="choice",
        choices=(
            Choice("Which disk?", "disk", (Option("sda", "the old one"), Option("sdb"))),
            Choice("Which days?", "", (Option("Mon"), Option("Tue"), Option("Wed")), True),
            Choice("Which name?"),
        ),
    )
    async with at_desk(control) as desk:
        await desk.press("!")
        await read(desk)
        await desk.press("2", "y")
        assert "without an answer" in desk.text()
        await desk.press("down", "down", "1", "3", "down", "e")
        await desk.write("tank")
        await desk.press("enter")
        assert "● tank" in desk.text()
        await desk.press("y")
        assert answers(control) == [(question.id, Choose(("sdb", "Mon, Wed", "tank")))]


async def test_a_long_command_can_be_read_to_its_end() -> None:
    lines = "\n".join(f"echo {number}" for number in range(300))
    control, _, _ = asking(lines)
    async with at_desk(control, (80, 24)) as desk:
        await desk.press("!")
        assert "300 lines" in desk.text()
        assert "▼ 29" in desk.text()
        for _ in range(60):
            await desk.strike("pagedown")
        await desk.settle()
        assert "echo 299" in desk.text()
        assert "▼" not in desk.text()


async def test_a_refused_answer_keeps_the_card() -> None:
    control, _, _ = asking(COMMAND)
    control.refusal = UsageError("nobody waits for this answer any more")
    async with at_desk(control) as desk:
        await desk.press("!")
        await read(desk)
        await desk.press("y")
        assert desk.is_on(QuestionScreen)
        assert "nobody waits" in desk.text()


@pytest.mark.parametrize(
    ("state", "word"), [("running", "answered elsewhere, or withdrawn"), ("lost", "has ended")]
)
async def test_a_question_that_is_gone_closes_its_card_with_a_word(state: str, word: str) -> None:
    control, dispatch, asked = asking("first", "second")
    async with at_desk(control) as desk:
        await desk.press("!")
        if state == "running":
            control.withdraw(asked[0].run, asked[0].id)
        else:
            control.move(dispatch, "nas1", "lost")
        await desk.settle()
        assert desk.is_home()
        assert word in desk.toasts()[-1]


async def test_an_answer_that_is_on_its_way_is_not_asked_for_twice() -> None:
    control, _, asked = asking(COMMAND)
    control.takes_answers = False
    async with at_desk(control) as desk:
        await desk.press("!")
        await read(desk)
        await desk.press("y")
        assert desk.is_home()
        assert "question" not in desk.app.main.status.plain
        await desk.press("!")
        assert desk.toasts()[-1] == "No agent asks anything now."
        desk.clock.advance(10)
        await desk.settle()
        assert "? 1 question" in desk.app.main.status.plain
        assert len(answers(control)) == len(asked)


async def test_lines_and_notices_lead_to_the_card() -> None:
    control, _, _ = asking(COMMAND)
    async with at_desk(control) as desk:
        await desk.press("5", "home", "enter")
        assert desk.is_on(QuestionScreen)
        await desk.press("escape", "4", "enter")
        assert desk.is_on(QuestionScreen)


async def test_it_opens_over_the_composer_and_gives_it_back() -> None:
    control, _, _ = asking(COMMAND)
    async with at_desk(control) as desk:
        await desk.press("d")
        await desk.write("half a thought!")
        await desk.press("f3")
        assert desk.is_on(QuestionScreen)
        await desk.press("escape")
        assert desk.is_on(ComposerScreen)
        assert desk.app.draft.prompt == "half a thought!"


async def test_who_may_only_look_sees_the_card_and_answers_nothing() -> None:
    control, _, _ = asking(COMMAND)
    async with at_desk(control, read_only=True) as desk:
        await desk.press("!")
        await read(desk)
        await desk.press("y", "n", "x", "e")
        assert desk.is_on(QuestionScreen)
        assert not desk.app.screen.query_one("#line", Input).display
        assert not control.calls


async def test_a_card_can_be_answered_with_the_mouse_but_not_at_once() -> None:
    control, dispatch, _ = asking()
    asked = control.ask(dispatch, "nas1", COMMAND)
    async with at_desk(control) as desk:
        await desk.press("!")
        await desk.pilot.click("#allow")
        assert not control.calls
        await read(desk)
        await desk.pilot.click("#allow")
        await desk.settle()
        assert answers(control) == [(asked.id, Allow())]


async def test_a_recorded_scene_grows_old_in_view() -> None:
    control = recorded()
    run = control.runs[next(reversed(control.dispatches[next(iter(control.dispatches))].run_ids))]
    control.set_run(replace(run, questions=()))
    async with at_desk(control) as desk:
        await desk.press("f3")
        assert desk.is_home()
        assert desk.toasts()[-1] == "No agent asks anything now."
