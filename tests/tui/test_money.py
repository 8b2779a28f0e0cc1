from __future__ import annotations

from dataclasses import replace

from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl


async def test_the_composer_says_the_worst_case_before_it_starts() -> None:
    async with at_desk(FakeControl()) as desk:
        desk.app.perform("dispatch.compose", "web01,web02,web03")
        await desk.settle()
        await desk.write("look")
        desk.app.screen.query_one("#budget").value = "0.50"  # type: ignore[attr-defined]
        await desk.settle()
        times = "\N{MULTIPLICATION SIGN}"
        assert f"3 hosts {times} $0.50 = $1.50 of $7.10 left today" in desk.text()


async def test_what_a_limit_does_and_what_a_repository_may_run_are_chosen_there() -> None:
    control = FakeControl()
    async with at_desk(control, size=(80, 24)) as desk:
        desk.app.perform("dispatch.compose", "web01")
        await desk.settle()
        await desk.write("look")
        desk.app.screen.query_one("#on-limit").focus()
        await desk.press("right")
        desk.app.screen.query_one("#opens").focus()
        await desk.press("right")
        await desk.press("f5")
        (asked,) = [about for name, about in control.calls if name == "dispatch"]
        assert (asked.on_limit, asked.opens) == ("wait", frozenset({"hooks"}))  # type: ignore[attr-defined]
        desk.app.perform("dispatch.compose", "web01")
        await desk.settle()
        assert "[closed]" in desk.text(), "opened for one dispatch only"


async def test_a_usage_limit_is_no_failure_and_says_when_it_is_over() -> None:
    control = FakeControl()
    async with at_desk(control) as desk:
        dispatch = control.start(["web01"], "look")
        control.move(dispatch, "web01", "failed", outcome="rate-limited", reason="5-hour limit")
        view = control.run_on(dispatch, "web01")
        run = replace(view.run, resets_at=desk.clock.at + 600)
        control.set_run(replace(view, run=run, activity="failed"))
        await desk.settle()
        desk.app.main.show_dispatch(dispatch)
        await desk.settle()
        assert "blocked: limit" in desk.text()
        assert "resets in 9m" in desk.text()
        desk.clock.advance(600)
        await desk.settle()
        assert "resets in" not in desk.text()


async def test_a_parked_run_is_shown_with_its_time_and_can_be_cancelled() -> None:
    control = FakeControl()
    async with at_desk(control) as desk:
        dispatch = control.start(["web01"], "look")
        control.move(dispatch, "web01", "failed", outcome="overloaded", reason="Overloaded")
        view = control.run_on(dispatch, "web01")
        control.set_run(replace(view, activity="blocked-limit", parked_until=desk.clock.at + 600))
        await desk.settle()
        desk.app.main.show_dispatch(dispatch)
        await desk.settle()
        assert "parked: limit" in desk.text()
        assert "goes on in 9m" in desk.text()
        await desk.press("5", "x")
        assert "Cancel 1 run" in desk.text()
        await desk.press("y")
        assert ("cancel", (view.run.id,)) in control.calls
