"""Whatever cannot be undone asks first: what, to whom, with which effect; Enter never says yes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.routes_view import PhoneButton
from fleet_tui.tui.catalogue import REGISTRY
from fleet_tui.tui.screens.composer import ComposerScreen
from fleet_tui.tui.screens.confirm import ConfirmScreen
from fleet_tui.tui.screens.promotion import PromotionScreen
from fleet_tui.tui.screens.question import QuestionScreen
from tests.tui.desk import at_desk
from tests.tui.scene import ask_first, recorded
from tests.tui.test_queue import beating, filled

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.tui.desk import Desk
    from tests.tui.fake_control import FakeControl


@dataclass(frozen=True, slots=True)
class Asked:
    """A dangerous action that opens a question: how to come there, and what it must say."""

    fleet: Callable[[], FakeControl]
    keys: tuple[str, ...]
    verb: str
    targets: tuple[str, ...]
    effect: str


def with_heartbeats() -> FakeControl:
    """Return a fleet with tasks, one of them held by a worker that is silent."""
    control = filled()
    beating(control)
    return control


def with_a_session() -> FakeControl:
    """Return a fleet whose first run has ended with a session of its own."""
    control = recorded()
    view = next(iter(control.runs.values()))
    control.set_run(replace(view, run=replace(view.run, session="7c1f")))
    control.set_fleet(is_demo=False)
    return control


def questioned() -> FakeControl:
    """Return a fleet in which agents ask something."""
    control = recorded()
    ask_first(control)
    return control


def on_a_telephone() -> FakeControl:
    """Return a fleet whose newest notice is a question that lies on a telephone here."""
    control = recorded()
    asked = control.notice("warning", "question-asked", "nas2", "asks: Bash: make")
    control.notices.on_phone[asked.id] = (
        PhoneButton("allow", "phone", control.now + 60),
        PhoneButton("deny", "phone", control.now + 60),
    )
    return control


def with_daemons() -> FakeControl:
    """Return a fleet with a daemon that waits to be confirmed."""
    control = recorded()
    control.daemons.show()
    return control


def with_a_cloud() -> FakeControl:
    """Return a fleet with a cloud session that asks for a tool."""
    control = recorded()
    control.config = replace(control.config, sections={"managed": {}})
    control.managed.show()
    return control


ASKS = {
    "output.cancel": Asked(
        recorded, ("5", "x"), "Cancel 2 runs", ("nas2", "web01"), "interrupted, then stopped"
    ),
    "queue.cancel": Asked(filled, ("2", "x"), "Cancel tasks", ("fix",), "1 run ended with it"),
    "queue.take-back": Asked(
        filled, ("2", "t"), "Take tasks back", ("fix",), "still do is not committed"
    ),
    "task.cancel": Asked(
        filled, ("2", "enter", "x"), "Cancel tasks", ("fix",), "1 run ended with it"
    ),
    "notice.allow": Asked(
        on_a_telephone,
        ("4", "t", "o"),
        "Press Allow on the telephone",
        ("nas2",),
        "the agent does it",
    ),
    "heartbeats.reclaim": Asked(
        with_heartbeats, ("h", "t"), "Take its tasks back", ("fix",), "The worker loses them"
    ),
    "daemons.confirm": Asked(
        with_daemons, ("8", "j", "w"), "Let it write", ("fixer",), "may change files on @web"
    ),
    "managed.allow": Asked(
        with_a_cloud, ("9", "a"), "Allow bash once", ("m-000003",), "rm -rf build && make"
    ),
    "managed.archive": Asked(
        with_a_cloud,
        ("9", "c"),
        "End for good",
        ("m-000003 mend the importer",),
        "nothing can be said to it again",
    ),
    "run.handoff": Asked(
        with_a_session,
        ("5", "right", ":", *"handoff", "space", *"web02", "enter"),
        "Hand a session of claude over from droplet to",
        ("web02",),
        "set aside, so that it cannot run twice",
    ),
}
CARDS = {
    "question.allow": "allow once",
    "question.edit": "edit",
    "question.deny": "deny",
    "question.stop": "deny, stop",
}
"""On the card of a question, which names host and command; its words by action."""
NAMED = {"promotion.begin", "composer.send", "dispatch.compose"}
"""Begun only by names that are typed: the composer's, when the mode is unrestricted."""


def done(control: FakeControl) -> list[str]:
    """Return what was ordered, apart from looking."""
    calls = [call[0] for call in control.calls if call[0] != "queue.detail"]
    return calls + [str(call[0]) for call in control.threads.calls]


def test_each_dangerous_action_is_tried_here() -> None:
    tiers = {a.id: a.danger for a in REGISTRY if a.danger != "none"}
    assert {i for i, tier in tiers.items() if tier == "ask"} == {*ASKS, *CARDS}
    assert {i for i, tier in tiers.items() if tier == "named"} == NAMED


@pytest.mark.parametrize("action", ASKS)
async def test_it_says_what_to_whom_and_the_effect_and_enter_means_no(action: str) -> None:
    asked = ASKS[action]
    control = asked.fleet()
    async with at_desk(control, (120, 40)) as desk:
        await desk.press(*asked.keys)
        screen = desk.app.screen
        assert isinstance(screen, ConfirmScreen)
        assert screen.question.targets == asked.targets
        shown = " ".join(desk.text().split())
        for told in (asked.verb, *asked.targets, asked.effect):
            assert told in shown
        assert screen.focused is not None
        assert screen.focused.id == "no"
        before = done(control)
        await desk.press("enter")
        assert not desk.is_on(ConfirmScreen)
        assert done(control) == before

        await reopen(desk, asked)
        await desk.press("y")
        assert len(done(control)) == len(before) + 1


async def reopen(desk: Desk, asked: Asked) -> None:
    """Come to the question again from the first screen."""
    while not desk.is_home():
        desk.app.pop_screen()
        await desk.settle()
    await desk.press("5", "escape", *asked.keys)
    assert desk.is_on(ConfirmScreen)


@pytest.mark.parametrize("action", CARDS)
async def test_a_card_names_host_and_command_and_enter_alone_answers_nothing(action: str) -> None:
    control = questioned()
    async with at_desk(control, (120, 40)) as desk:
        await desk.press("f3")
        assert desk.is_on(QuestionScreen)
        shown = desk.text().casefold()
        assert "nas2" in shown
        assert "systemctl edit fstrim.timer" in shown
        assert CARDS[action] in shown
        desk.clock.advance(30)
        await desk.press("enter", "enter")
        assert not done(control)


async def test_promotion_and_unrestricted_want_names_and_enter_without_them_does_nothing() -> None:
    control = recorded()
    async with at_desk(control, (120, 40)) as desk:
        await desk.press(":", *"promote", "space", *"hs-pc", "enter")
        assert desk.is_on(PromotionScreen)
        await desk.press("enter", "enter")
        assert "Type hs-pc and press enter" in desk.text()
        await desk.press("escape")
        desk.app.draft.target, desk.app.draft.prompt = "nas1", "clean up"
        desk.app.draft.mode = "unrestricted"
        await desk.press("d")
        assert desk.is_on(ComposerScreen)
        desk.app.screen.query_one("#named").focus()
        await desk.press("enter", "f5")
        assert "type the names" in desk.text()
        assert "dispatch" not in done(control)
        assert "promote" not in done(control)
