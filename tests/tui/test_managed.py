"""The screens of cloud sessions."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace

import pytest

from fleet_tui.model.errors import Refused
from fleet_tui.model.managed_view import GO_ON
from fleet_tui.model.notice import Notice
from fleet_tui.model.snapshot import ViewLine
from fleet_tui.tui.screens.budget_form import BudgetForm
from fleet_tui.tui.screens.confirm import ConfirmScreen
from fleet_tui.tui.screens.managed import ManagedScreen
from fleet_tui.tui.screens.managed_form import ManagedForm
from fleet_tui.tui.screens.managed_talk import ManagedTalkScreen
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl
from tests.tui.fake_managed import ASK
from tests.tui.fixed_clock import NOW


def control_with_cloud() -> FakeControl:
    control = FakeControl()
    control.config = replace(control.config, sections={"managed": {}})
    return control


@pytest.mark.parametrize("size", [(80, 24), (160, 45)])
async def test_each_session_with_the_proof_of_its_state(size: tuple[int, int]) -> None:
    control = control_with_cloud()
    async with at_desk(control, size=size) as desk:
        control.managed.show()
        await desk.settle()
        await desk.press("9")
        assert desk.is_on(ManagedScreen)
        shown = desk.text()
        assert "2/2 active · $0.14 of $3.00 today, $0.50 held" in shown
        for part in ("? asks you", "○ idle", "· unknown", "$0.07/0.50", "the service's word"):
            assert part in shown
        assert f"bash: {ASK.text} (a allows it once, d denies it)" in " ".join(shown.split())
        assert all(len(line) <= size[0] for line in shown.splitlines())
        await desk.press("G")
        assert "unknown since 15m" in " ".join(desk.text().split())


async def test_a_tool_is_allowed_only_after_its_text_was_shown() -> None:
    control = control_with_cloud()
    async with at_desk(control) as desk:
        control.managed.show()
        await desk.settle()
        await desk.press("9", "a")
        assert desk.is_on(ConfirmScreen)
        assert ASK.text in desk.text()
        await desk.press("enter")
        assert not [what for what, _ in control.calls if what == "managed.decide"], "No has focus"
        await desk.press("a", "y")
        identifier = control.managed.rows[0].session.id
        assert ("managed.decide", (identifier, ASK.use, True, "")) in control.calls
        await desk.press("d")
        assert ("managed.decide", (identifier, ASK.use, False, "")) in control.calls


async def test_a_session_starts_with_a_budget_and_a_refusal_keeps_the_draft() -> None:
    control = control_with_cloud()
    control.refusal = Refused("2 cloud sessions are active", mend="stop one")
    async with at_desk(control) as desk:
        control.managed.show()
        await desk.settle()
        await desk.press("9", "n")
        assert desk.is_on(ManagedForm)
        await desk.write("look around")
        await desk.press("f5")
        assert desk.is_on(ManagedForm)
        assert "2 cloud sessions are active" in desk.text()
        control.refusal = None
        await desk.press("f5")
        assert desk.is_on(ManagedScreen)
        assert control.calls[-1] == ("managed.start", ("look around", "", 0.5))


async def test_pressing_send_twice_starts_one_session(monkeypatch: pytest.MonkeyPatch) -> None:
    control = control_with_cloud()
    answers: list[Future[str]] = []

    def start(_prompt: str, _title: str, _budget: float | None) -> Future[str]:
        answers.append(Future())
        return answers[-1]

    monkeypatch.setattr(control.managed, "start", start)
    async with at_desk(control) as desk:
        control.managed.show()
        await desk.settle()
        await desk.press("9", "n")
        await desk.write("look around")
        for _ in range(2):
            desk._send("f5")
            await desk.pilot._wait_for_screen()
        assert "asking the service" in desk.text()
        assert len(answers) == 1
        answers[0].set_result("m-NEW")
        await desk.settle()
        assert desk.is_on(ManagedScreen)


async def test_the_conversation_grows_and_is_talked_to() -> None:
    control = control_with_cloud()
    async with at_desk(control) as desk:
        control.managed.show()
        await desk.settle()
        await desk.press("9", "j", "enter")
        assert desk.is_on(ManagedTalkScreen)
        assert "Three are [b]weak[/b]." in desk.text()
        control.managed.said = (*control.managed.said, ViewLine("t", "One more thing."))
        control.managed.rows[1] = replace(control.managed.rows[1], lines=3)
        control.managed.show()
        await desk.settle()
        assert "One more thing." in desk.text()
        await desk.press("s")
        await desk.write("go on")
        await desk.press("f5")
        identifier = control.managed.rows[1].session.id
        assert ("managed.send", (identifier, "go on")) in control.calls
        await desk.press("x", "c", "y")
        assert control.calls[-2:] == [
            ("managed.stop", identifier),
            ("managed.archive", identifier),
        ]


async def test_the_budget_is_raised_of_one_that_has_stopped_at_it() -> None:
    control = control_with_cloud()
    rows = control.managed.rows
    rows[1] = replace(rows[1], session=replace(rows[1].session, state="over-budget", cost_usd=0.5))
    async with at_desk(control, size=(80, 24)) as desk:
        control.managed.show()
        await desk.settle()
        await desk.press("9", "b")
        assert desk.is_on(ManagedScreen)
        assert "It has not stopped at its budget." in desk.toasts()
        await desk.press("j", "s")
        assert "Its budget is used up; b raises it." in desk.toasts()
        await desk.press("b")
        assert desk.is_on(BudgetForm)
        assert "it has cost $0.50 of $0.50" in desk.text()
        await desk.write("much")
        await desk.press("f5")
        assert "the budget is no number of US dollars" in desk.text()
        await desk.press(*["backspace"] * 4)
        await desk.write("1.20")
        control.refusal = Refused("$1.00 is left today", mend="raise the cap")
        await desk.press("f5")
        assert desk.is_on(BudgetForm)
        assert "$1.00 is left today" in desk.text()
        control.refusal = None
        await desk.press("f5")
        assert desk.is_on(ManagedScreen)
        order = ("managed.raise_budget", (rows[1].session.id, 1.2, GO_ON))
        assert control.calls[-1] == order


async def test_a_notice_leads_to_its_session() -> None:
    control = control_with_cloud()
    async with at_desk(control) as desk:
        control.managed.show()
        identifier = control.managed.rows[0].session.id
        text = f"asks to use bash: {ASK.text}"
        told = Notice(f"managed/{identifier}", NOW, "warning", "managed-asks", "cloud", text)
        control._notices.append(told)
        await desk.settle()
        await desk.press("4", "enter")
        assert desk.is_on(ManagedTalkScreen)
        assert "? asks you" in desk.text()


async def test_without_a_section_the_action_says_so() -> None:
    control = FakeControl()
    async with at_desk(control) as desk:
        await desk.press("9")
        assert desk.is_home()
        assert any("has no [managed] section" in told for told in desk.toasts())


async def test_what_is_missing_stands_in_one_line() -> None:
    control = control_with_cloud()
    control.managed.rows.clear()
    problem = (
        "the anthropic library is not installed (install it: `pip install 'fleet-tui[cloud]'`)"
    )
    async with at_desk(control, size=(80, 24)) as desk:
        control.managed.show(problem=problem)
        await desk.press("9")
        assert "pip install 'fleet-tui[cloud]'" in " ".join(desk.text().split())
        await desk.press("n")
        assert desk.is_on(ManagedScreen)
        assert any("not installed" in told for told in desk.toasts())
