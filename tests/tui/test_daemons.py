"""The screen of what runs by itself."""

from __future__ import annotations

import pytest

from fleet_tui.model.errors import UsageError
from fleet_tui.tui.screens.confirm import ConfirmScreen
from fleet_tui.tui.screens.daemons import DaemonsScreen
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl


@pytest.mark.parametrize("key", ["D", "8"])
async def test_each_with_its_last_and_its_next_start(key: str) -> None:
    control = FakeControl()
    async with at_desk(control, size=(160, 45)) as desk:
        control.daemons.show()
        await desk.press(key)
        assert desk.is_on(DaemonsScreen)
        shown = desk.text()
        assert "2 daemons · 1 schedule · 1 running" in shown
        line = next(line for line in shown.splitlines() if "disk-scout" in line)
        for part in ("· waiting", "every 6h", "3h", "2h", "✓ ok", "$0.03", "✗✓", "plenty of room"):
            assert part in line
        assert "this program" in shown
        await desk.press("G")
        assert "fleet-tui daemon run (process 9)" in desk.text()


async def test_it_fits_a_small_terminal() -> None:
    control = FakeControl()
    async with at_desk(control, size=(80, 24)) as desk:
        control.daemons.show()
        await desk.press("8")
        shown = desk.text()
        for part in ("disk-scout", "· waiting", "▲ to confirm", "● running", "✓ ok", "run now"):
            assert part in shown
        assert all(len(line) <= 80 for line in shown.splitlines())


async def test_start_one_now_pause_it_and_let_it_go_on() -> None:
    control = FakeControl()
    async with at_desk(control) as desk:
        control.daemons.show()
        await desk.settle()
        await desk.press("8", "t")
        assert ("pause", ("disk-scout", True)) in control.calls
        assert "■ paused" in desk.text()
        await desk.press("t")
        assert ("pause", ("disk-scout", False)) in control.calls
        await desk.press("r")
        assert ("run_now", "disk-scout") in control.calls
        assert any("started now" in told for told in desk.toasts())
        before = len(control.calls)
        await desk.press("r")
        assert len(control.calls) == before, "it runs already"
        assert any("not over" in told for told in desk.toasts())


async def test_one_that_may_write_is_confirmed_after_a_question() -> None:
    control = FakeControl()
    async with at_desk(control) as desk:
        control.daemons.show()
        await desk.settle()
        await desk.press("8", "j", "r")
        assert control.calls == []
        await desk.press("w")
        assert desk.is_on(ConfirmScreen)
        assert "Mend what is broken." in desk.text()
        await desk.press("enter")
        assert control.calls == [], "No has the focus"
        await desk.press("w", "y")
        assert control.calls == [("confirm", "fixer")]


async def test_its_last_run_is_opened() -> None:
    control = FakeControl()
    async with at_desk(control) as desk:
        dispatch = control.start(["web01"], "Look at free space.")
        last = control.daemons.view.rows[0].recent[0]
        from dataclasses import replace

        control.daemons.show("disk-scout", recent=(replace(last, dispatch=dispatch),))
        await desk.settle()
        await desk.press("8", "enter")
        assert ("open_dispatch", dispatch) in control.calls
        assert desk.is_home()
        assert desk.app.main.output.dispatch_id == dispatch


async def test_what_is_refused_is_said_and_a_read_only_screen_orders_nothing() -> None:
    control = FakeControl()
    control.refusal = UsageError("disk-scout is still at its start of before")
    async with at_desk(control) as desk:
        control.daemons.show()
        await desk.settle()
        await desk.press("8", "r")
        assert any("still at its start" in told for told in desk.toasts())
    control = FakeControl()
    async with at_desk(control, read_only=True) as desk:
        control.daemons.show()
        await desk.settle()
        await desk.press("8", "r", "t")
        assert control.calls == []


async def test_without_any_it_says_where_they_come_from() -> None:
    async with at_desk(FakeControl()) as desk:
        await desk.press("8")
        assert "add a [[daemon]]" in desk.text()
