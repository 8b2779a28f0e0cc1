"""Notices on the screen: how far they got, acknowledged, muted, looked into, and their routes."""

from __future__ import annotations

import pytest

from fleet_tui.model.notice import Notice
from fleet_tui.model.routes_view import (
    DeliveryView,
    NoticeProof,
    PhoneButton,
    RouteView,
    WayView,
)
from fleet_tui.tui.screens.notice import NoticeScreen
from fleet_tui.tui.screens.routes import RoutesScreen
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl
from tests.tui.scene import connect


def told() -> tuple[FakeControl, Notice, Notice]:
    """A fleet with two notices: one that a service took, one that another refused."""
    control = FakeControl()
    connect(control)
    first = control.notice("info", "received", "nas1", "backup done")
    second = control.notice("error", "run-failed", "web01", "claude failed", count=3)
    control.notices.change(
        routes=(
            RouteView("pager", "ntfy", queued=1, accepted_at=control.now - 60, last="id abc"),
            RouteView("team", "slack", failed=2, last="404 no_service", is_failing=True),
        ),
        proofs={
            first.id: NoticeProof((DeliveryView("pager", "accepted", control.now, 1, "id abc"),)),
            second.id: NoticeProof(
                (
                    DeliveryView("pager", "queued", control.now, 2, "503", control.now + 90),
                    DeliveryView("team", "failed", control.now, 1, "404 no_service"),
                )
            ),
        },
        ways=(WayView("receiver", "nas1", True), WayView("follow", "pager", False, "403")),
    )
    return control, first, second


async def test_the_pane_says_how_far_each_notice_got() -> None:
    control, first, second = told()
    async with at_desk(control, (160, 45)) as desk:
        shown = desk.text()
        assert "✗ failed 1/2" in shown
        assert "✓ accepted" in shown
        await desk.press("4", "a")
        assert ("acknowledge", (second.id,)) in control.calls
        assert "✓ known" in desk.text()
        assert "2 of 3" in desk.text()
        await desk.press("j", "a")
        assert ("acknowledge", (first.id,)) in control.calls
        assert "1 of 3" in desk.text()


async def test_a_kind_is_muted_for_a_while_and_heard_again() -> None:
    control, _, second = told()
    async with at_desk(control, (160, 45)) as desk:
        await desk.press("4", "m")
        assert ("mute", ("run-failed", "web01", 3600.0)) in control.calls
        assert "⊘ muted" in desk.text()
        assert any("muted until" in toast for toast in desk.toasts())
        desk.app.toaster.clear()
        control.notice("error", second.event, second.source, "again")
        await desk.settle()
        assert desk.toasts() == []
        await desk.press("m")
        assert control.calls[-1] == ("mute", ("run-failed", "web01", 0.0))


async def test_a_notice_shows_each_routes_proof_and_age() -> None:
    control, _, _ = told()
    async with at_desk(control, (120, 40)) as desk:
        await desk.press("4", "t")
        assert desk.is_on(NoticeScreen)
        shown = desk.text()
        assert "✗ error · web01 · run-failed" in shown
        assert "… pager: queued for" in shown
        assert "2 attempts" in shown
        assert "404 no_service" in shown
        await desk.press("a")
        assert "by walhus@cc-pc" in desk.text()


@pytest.mark.parametrize(
    ("expires_in", "is_used", "said"),
    [(60, False, "until"), (-1, False, "expired at"), (60, True, "answered; pressed again")],
)
async def test_a_question_on_a_telephone_here_is_answered_with_its_buttons(
    expires_in: float, is_used: bool, said: str
) -> None:
    control, _, _ = told()
    asked = control.notice("warning", "question-asked", "web01", "asks: Bash: make clean")
    until = control.now + expires_in
    control.notices.on_phone[asked.id] = (
        PhoneButton("allow", "phone", until, is_used),
        PhoneButton("deny", "phone", until, is_used),
    )
    async with at_desk(control, (120, 40)) as desk:
        await desk.press("4", "t")
        shown = desk.text()
        assert "[ Allow ]  [ Deny ]" in shown
        assert said in shown
        await desk.press("x")
        assert control.calls[-1] == ("press", (asked.id, "deny"))
        await desk.press("o", "y")
        assert control.calls[-1] == ("press", (asked.id, "allow"))


async def test_a_notice_without_buttons_says_that_none_can_be_pressed() -> None:
    control, _, _ = told()
    async with at_desk(control, (120, 40)) as desk:
        await desk.press("4", "t", "x")
        assert any("No telephone here" in toast for toast in desk.toasts())
        assert not [call for call in control.calls if call[0] == "press"]


async def test_routes_and_ways_in_are_shown_and_proven() -> None:
    control, _, _ = told()
    async with at_desk(control, (120, 40)) as desk:
        await desk.press("4", "b")
        assert desk.is_on(RoutesScreen)
        shown = desk.text()
        for word in ("✗ failing", "… waiting", "● open", "○ closed", "404 no_service", "403"):
            assert word in shown
        await desk.press("t")
        assert ("test", "pager") in control.calls
        assert "pager: accepted, 200 ok" in desk.text()


async def test_notices_of_earlier_sessions_stand_before_those_of_this_one() -> None:
    control = FakeControl()
    connect(control)
    control.notice("info", "received", "nas1", "new one")
    async with at_desk(control, (120, 40)) as desk:
        old = Notice("n-old", control.now - 7200, "error", "run-failed", "web01", "old one")
        control.notices.change(earlier=(old,))
        await desk.settle()
        texts = [notice.text for notice in desk.app.store.notices.values()]
        assert (texts[0], texts[-1]) == ("old one", "new one")
        assert "old one" in desk.text()
        assert not any("old one" in toast for toast in desk.toasts())


async def test_on_a_small_screen_the_notice_itself_stays() -> None:
    control, _, _ = told()
    async with at_desk(control, (80, 24)) as desk:
        await desk.press("4")
        assert "claude failed" in desk.text()
