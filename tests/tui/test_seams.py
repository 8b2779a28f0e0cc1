"""What the screen touches of Textual's inside is still there, in the version that is installed."""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import TYPE_CHECKING

from textual._context import active_message_pump
from textual.drivers import linux_driver
from textual.drivers._writer_thread import WriterThread
from textual.widgets._toast import Toast, ToastHolder

from fleet_tui.tui import textual_seams
from fleet_tui.tui.screens.confirm import ConfirmScreen, Question
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl

if TYPE_CHECKING:
    import pytest
    from textual.notifications import Notify


def test_the_pinned_version_is_installed() -> None:
    assert version("textual") == "8.2.8"


def test_the_writer_has_a_queue_that_can_be_counted() -> None:
    class Sink:
        def fileno(self) -> int:
            return 1

    assert hasattr(linux_driver.LinuxDriver, "write")
    writer = WriterThread(Sink())  # type: ignore[arg-type]
    assert writer._queue.qsize() == 0


async def test_an_answer_reaches_the_app_whoever_pushed_the_screen() -> None:
    answers: list[bool | None] = []
    async with at_desk(FakeControl()) as desk:
        await desk.press(":")
        command_line = desk.app.screen
        token = active_message_pump.set(command_line)
        try:
            desk.app.open_screen(ConfirmScreen(Question("Go", ("a",), "x", "Go")), answers.append)
        finally:
            active_message_pump.reset(token)
        await desk.settle()
        await desk.press("y")
        assert answers == [True]


async def test_without_a_terminal_nothing_is_behind_or_lent_or_written() -> None:
    async with at_desk(FakeControl()) as desk:
        assert not textual_seams.terminal_is_behind(desk.app)
        assert not textual_seams.can_lend_terminal(desk.app)
        assert not textual_seams.is_suspended(desk.app)
        textual_seams.write_to_terminal(desk.app, "\a")


async def test_a_toast_whose_time_is_over_when_it_is_mounted_goes_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    posted: list[Notify] = []
    async with at_desk(FakeControl()) as desk:
        app = desk.app
        monkeypatch.setattr(app, "post_message", posted.append)
        textual_seams.show_toast(app, "[b]too late", "warning", -3.0)
        monkeypatch.undo()
        note = posted[0].notification
        assert note.has_expired
        assert note.time_left == textual_seams.LEAST_DELAY
        async with asyncio.timeout(60):
            await app.screen.mount(Toast(note))
            while app.screen.query(Toast):
                await desk.settle()


async def test_toasts_that_give_way_leave_nothing_behind() -> None:
    async with at_desk(FakeControl()) as desk:
        app = desk.app
        for number in range(20):
            app.toast(f"word {number}", kind=str(number))
            await desk.settle()
        await desk.press("?")
        app.toast("over the help", kind="last")
        await desk.settle()
        await desk.press("escape")
        app.toaster.clear()
        app.toast("at the end", kind="end")
        await desk.settle()
        assert [len(screen.query(ToastHolder)) for screen in app.screen_stack] == [1]


async def test_a_view_grows_without_laying_out_the_screen() -> None:
    async with at_desk(FakeControl()) as desk:
        view = desk.app.main.output.view
        size = view.virtual_size
        textual_seams.resize_content(view, size.with_height(5_000))
        assert view.virtual_size.height == 5_000
        assert view.max_scroll_y > 0


async def test_quitting_from_the_command_line_while_runs_are_open_leaves() -> None:
    control = FakeControl()
    control.start(["nas1"], "uname")
    async with at_desk(control) as desk:
        await desk.press(":", *"quit", "enter")
        assert desk.is_on(ConfirmScreen)
        await desk.press("y")
        assert not desk.app.is_running or desk.app._exit
