"""Past runs, threads and the doctor on the screen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.model.errors import Refused
from fleet_tui.model.run import NO_MODE
from fleet_tui.tui.screens.compare import CompareScreen
from fleet_tui.tui.screens.confirm import ConfirmScreen
from fleet_tui.tui.screens.doctor import DoctorScreen
from fleet_tui.tui.screens.runs import RunsScreen
from fleet_tui.tui.screens.thread import ThreadScreen
from fleet_tui.tui.screens.threads import ThreadsScreen
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl
from tests.tui.fake_past import SESSION

if TYPE_CHECKING:
    from tests.tui.desk import Desk


def three_runs() -> FakeControl:
    control = FakeControl()
    control.set_fleet()
    for host, prompt in (("nas1", "mend the cart"), ("web01", "count"), ("web01", "mend the till")):
        control.now += 10
        control.start([host], prompt)
    return control


async def command(desk: Desk, line: str) -> None:
    await desk.press(":")
    await desk.write(line)
    await desk.press("enter")


async def test_a_plain_command_is_shown_without_a_mode() -> None:
    control = FakeControl()
    control.set_fleet()
    view = control.run_on(control.start(["nas1"], "uptime"), "nas1")
    control.set_run(replace(view, run=replace(view.run, agent="shell", mode="unrestricted")))
    async with at_desk(control, size=(160, 40)) as desk:
        await desk.press("o")
        (row,) = [line for line in desk.text().splitlines() if "uptime" in line]
        assert row.split()[row.split().index("shell") + 1] == NO_MODE
        await desk.press("escape", "5", "f9")
        assert "a plain command of the shell" in desk.text()
        assert "unrestricted" not in desk.text()


async def test_runs_are_found_as_one_types() -> None:
    async with at_desk(three_runs()) as desk:
        await desk.press("o")
        assert desk.is_on(RunsScreen)
        assert "3 runs" in desk.text()
        await desk.press("/")
        await desk.write("host:web01 mend")
        assert desk.control.past.asked[-1] == ("host:web01 mend", 200, 0)
        assert "host:web01 mend · 1 run" in desk.text()
        assert "mend the till" in desk.text()
        assert "mend the cart" not in desk.text()
        await desk.press("enter", "escape")
        assert "3 runs" in desk.text()
        assert desk.is_on(RunsScreen)


async def test_a_wrong_word_is_named_and_nothing_is_lost() -> None:
    async with at_desk(three_runs()) as desk:
        await command(desk, "runs state:failedd")
        assert "did you mean failed?" in desk.text()
        await desk.press("/")
        await desk.write("state:failed")
        assert "state:failed · 3 runs" in desk.text()


async def test_two_marked_answers_are_compared() -> None:
    async with at_desk(three_runs()) as desk:
        await desk.press("o", "c")
        assert "Mark two runs" in " ".join(desk.toasts())
        await desk.press("space", "space", "c")
        assert desk.is_on(CompareScreen)
        assert "two" in desk.text()
        assert "on web01, 1 line" in desk.text()
        await desk.press("escape")
        assert desk.is_on(RunsScreen)


async def test_a_run_leaves_as_markdown() -> None:
    async with at_desk(three_runs()) as desk:
        await desk.press("o", "m")
        assert "Copied the run as Markdown" in " ".join(desk.toasts())
        await desk.press("escape")
        await command(desk, "export /tmp/x.md")
        assert desk.control.past.saved[0][1] == "/tmp/x.md"
        assert "Written to /tmp/x.md" in " ".join(desk.toasts())


async def test_a_page_of_older_runs() -> None:
    async with at_desk(three_runs()) as desk:
        await desk.press("o", "]")
        assert "no older ones" in " ".join(desk.toasts())
        assert desk.control.past.asked[-1][2] == 0


async def test_threads_are_listed_and_read() -> None:
    async with at_desk(three_runs()) as desk:
        await desk.press("f4")
        assert desk.is_on(ThreadsScreen)
        text = desk.text()
        assert "mend the cart" in text
        assert "4 older not listed" in text
        assert "connection refused" in text
        await desk.press("enter")
        assert desk.is_on(ThreadScreen)
        assert desk.control.threads.calls[-1] == ("read", "web01", SESSION, 60)
        assert "> mend the cart" in desk.text()
        assert "It is [bold]mended[/bold]." in desk.text()
        await desk.press("o")
        assert desk.control.threads.calls[-1] == ("read", "web01", SESSION, 240)


async def test_threads_are_searched_on_their_hosts() -> None:
    async with at_desk(three_runs()) as desk:
        await command(desk, "threads web*")
        await desk.press("/")
        await desk.write("cart")
        assert desk.control.threads.calls[-1][0] == "list"
        await desk.press("enter")
        assert desk.control.threads.calls[-1] == ("search", "web*", "cart")
        assert "'cart' · 1 thread · web01: 7 older transcripts not searched" in desk.text()
        assert "…cart…" in desk.text()


async def test_a_runs_conversation_is_read_where_it_lies() -> None:
    control = three_runs()
    run_id = next(iter(control.runs))
    view = control.runs[run_id]
    ended = replace(view.run, session=SESSION, state="succeeded", outcome="ok", agent="claude")
    async with at_desk(control) as desk:
        await command(desk, "thread")
        assert "never began a conversation" in " ".join(desk.toasts())
        control.set_run(replace(view, run=ended))
        await desk.settle()
        desk.app.main.show_run(ended.dispatch, run_id)
        await desk.press("5", "f11")
        assert desk.is_on(ThreadScreen)
        await desk.press("escape")

        await command(desk, "handoff web01 /srv/x --bundle")
        assert desk.is_on(ConfirmScreen)
        assert "set aside" in desk.text()
        await desk.press("y")
        assert control.threads.calls[-1] == ("hand_off", run_id, "web01", "/srv/x", True)
        assert "is on web01 now" in " ".join(desk.toasts())
        control.threads.refusal = Refused("it went on there")
        await command(desk, "handoff nas1")
        await desk.press("y")
        assert "it went on there" in " ".join(desk.toasts())
        await command(desk, "handoff --undo")
        assert list(control.threads.calls[-1]) == ["take_back", run_id]


async def test_the_doctor_says_what_is_wrong_and_mends_nothing() -> None:
    async with at_desk(three_runs(), (80, 24)) as desk:
        await desk.press("f5")
        assert desk.is_on(DoctorScreen)
        assert desk.control.doctor.asked == ["all"]
        text = desk.text()
        assert "✗ 2 errors" in text
        assert "! 1 warning" in text
        assert "1 thing not checked" in text
        assert "mend  npm i x" in text
        await desk.press("j")
        assert "mend  chronyd" in desk.text()
        assert "its clock is 90 s off" in desk.text()
        await desk.press("y")
        assert "Copied the mending command" in " ".join(desk.toasts())
        await desk.press("r")
        assert desk.control.doctor.asked == ["all", "all"]
