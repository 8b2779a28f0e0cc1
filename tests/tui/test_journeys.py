"""What an operator does, key by key."""

from __future__ import annotations

import pytest
from textual.widgets import Input

from fleet_tui.model.errors import Refused
from fleet_tui.model.request import DispatchRequest
from fleet_tui.tui.screens.composer import ComposerScreen
from fleet_tui.tui.screens.confirm import ConfirmScreen
from fleet_tui.tui.screens.fleet_log import FleetLogScreen
from fleet_tui.tui.screens.gather import GatherScreen
from fleet_tui.tui.screens.help import HelpScreen
from fleet_tui.tui.screens.host import HostScreen
from fleet_tui.tui.screens.runs import RunsScreen
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl
from tests.tui.scene import connect, recorded


def last_call(control: FakeControl, name: str) -> object:
    return next(argument for called, argument in reversed(control.calls) if called == name)


async def test_first_screen_shows_hosts_with_state_and_age() -> None:
    async with at_desk(recorded()) as desk:
        shown = desk.text()
        assert "8/9" in desk.app.main.status.plain
        assert "● up · heard 17s ago" in shown or "● up 17s" in shown
        assert "○ down 17s refused" in shown
        assert "fleet.toml has no [queue]" in " ".join(shown.split())


async def test_a_dispatch_from_nothing_to_its_output() -> None:
    control = FakeControl()
    connect(control)
    async with at_desk(control) as desk:
        await desk.press("d")
        assert desk.is_on(ComposerScreen)
        await desk.press("shift+tab", "shift+tab", "shift+tab")
        desk.app.screen.query_one("#target", Input).value = "@web"
        await desk.press("f5")
        assert not control.calls
        assert "prompt is empty" in desk.text()
        desk.app.screen.query_one("#prompt").focus()
        await desk.write("uname -a")
        await desk.press("f5")
        request = last_call(control, "dispatch")
        assert isinstance(request, DispatchRequest)
        assert (request.target, request.prompt) == ("@web", "uname -a")
        assert desk.is_home()
        assert desk.app.main.current == "output"
        assert "0/3 done" in desk.text()


async def test_escape_keeps_the_draft_and_a_refusal_keeps_the_composer() -> None:
    control = recorded()
    async with at_desk(control) as desk:
        await desk.press("d")
        await desk.write("look around")
        await desk.press("escape")
        assert desk.is_home()
        await desk.press("d")
        assert "look around" in desk.text()
        control.refusal = Refused("today's budget is spent", mend="raise usd_per_day")
        await desk.press("f5")
        assert desk.is_on(ComposerScreen)
        assert "today's budget is spent" in desk.text()


async def test_unrestricted_wants_the_names_and_is_never_sent_with_enter() -> None:
    control = recorded()
    async with at_desk(control) as desk:
        desk.app.draft.target, desk.app.draft.prompt = "nas1,nas2", "clean up"
        await desk.press("d")
        screen = desk.app.screen
        screen.query_one("#mode").focus()
        await desk.press("left")
        assert desk.app.draft.mode == "unrestricted"
        await desk.press("f5")
        assert "type the names" in desk.text()
        assert not control.calls
        screen.query_one("#named").focus()
        await desk.write("nas1 nas2")
        screen.query_one("#send").focus()
        await desk.press("enter")
        assert not control.calls
        assert "never with Enter" in desk.text()
        await desk.press("f5")
        request = last_call(control, "dispatch")
        assert isinstance(request, DispatchRequest)
        assert request.named_hosts == {"nas1", "nas2"}


async def test_older_prompts_come_back_with_up_and_from_the_list() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("d")
        await desk.press("up")
        assert desk.app.draft.prompt.startswith("summarise")
        await desk.press("up")
        assert desk.app.draft.prompt == "uname -a"
        await desk.press("down", "down")
        assert desk.app.draft.prompt == ""
        await desk.press("f4")
        await desk.write("uname")
        await desk.press("enter")
        assert desk.app.draft.prompt == "uname -a"


async def test_cancel_asks_with_no_focused_and_names_the_hosts() -> None:
    control = recorded()
    async with at_desk(control) as desk:
        await desk.press("5", "x")
        assert desk.is_on(ConfirmScreen)
        asked = desk.app.screen
        assert isinstance(asked, ConfirmScreen)
        assert asked.question.targets == ("nas2", "web01")
        await desk.press("enter")
        assert not control.calls
        await desk.press("x", "y")
        assert len(last_call(control, "cancel")) == 2  # type: ignore[arg-type]
        await desk.press("x")
        assert "None of these runs is still going." in desk.toasts()


async def test_marked_runs_are_what_cancel_and_retry_are_about() -> None:
    control = recorded()
    async with at_desk(control) as desk:
        await desk.press("5", "left", "m", "left", "m", "escape")
        assert "2 marked" in desk.text()
        await desk.press("x", "y")
        assert last_call(control, "cancel") == (control.run_on(_first(control), "web01").run.id,)
        await desk.press("r")
        assert len(last_call(control, "retry")) == 2  # type: ignore[arg-type]


async def test_retry_takes_what_failed() -> None:
    control = recorded()
    async with at_desk(control) as desk:
        await desk.press("5", "r")
        assert last_call(control, "retry") == (control.run_on(_first(control), "web03").run.id,)


def _first(control: FakeControl) -> str:
    return min(control.dispatches)


async def test_runs_are_chosen_with_arrows_and_by_the_line_under_the_cursor() -> None:
    async with at_desk(recorded()) as desk:
        output = desk.app.main.output
        await desk.press("5", "right")
        assert output.chosen == 0
        assert "Move fstrim" in desk.text()
        await desk.press("left", "left")
        assert output.chosen == 4
        await desk.press("escape")
        assert len(output.subject()) == 5
        await desk.press("home", "enter")
        assert output.chosen == 0


async def test_scrolling_up_pauses_and_tells_what_is_new() -> None:
    control = recorded()
    async with at_desk(control, (80, 24)) as desk:
        await desk.press("5", "pageup")
        view = desk.app.main.output.view
        assert not desk.is_following()
        top = view.scroll_offset.y
        control.say(_first(control), "web01", *[("t", f"news {n}") for n in range(1204)])
        await desk.settle()
        assert view.scroll_offset.y == top
        assert "▼ 1,204 new" in desk.text()
        await desk.press("f")
        assert desk.is_following()
        assert "news 1203" in desk.text()


async def test_search_counts_steps_and_ends() -> None:
    async with at_desk(recorded()) as desk:
        pane = desk.app.main.output.log_pane
        await desk.press("5", "/")
        await desk.write("iostat")
        await desk.press("enter")
        assert "match 4/4" in desk.text()
        await desk.press("n")
        assert pane.search_status() == "match 1/4"
        await desk.press("N")
        await desk.press("comma")
        assert pane.search_status() == "match 3/4"
        await desk.press("escape")
        assert pane.search is None


async def test_folding_shows_tool_results_whole() -> None:
    async with at_desk(recorded(), (120, 60)) as desk:
        assert "man-db.timer" not in desk.text()
        await desk.press("5", "c")
        assert "man-db.timer" in desk.text()


async def test_times_of_arrival_are_shown_for_all_runs_and_for_one() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("5", "t")
        assert "nas1    10:42:11 ▸ Bash: iostat" in desk.text()
        await desk.press("right")
        assert "│10:42:08 ▸ Bash: systemctl" in desk.text()
        await desk.press("t")
        assert "│▸ Bash: systemctl" in desk.text()


async def test_gathered_answers_show_hosts_and_what_differs() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("5", "g")
        assert desk.is_on(GatherScreen)
        shown = desk.text()
        assert "droplet,nas1 · 2 runs · done" in shown
        assert "+ 1. Move fstrim.timer to Saturday" in shown
        await desk.press("escape")
        assert desk.is_home()


async def test_host_details_tell_reason_and_mend() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("G", "enter")
        assert desk.is_on(HostScreen)
        shown = desk.text()
        assert "start sshd there: sudo systemctl start ssh" in shown
        assert "✗ failed" in shown
        await desk.press("enter")
        assert "connection refused by 10.0.3.3 port 22" in desk.text()
        await desk.press("enter")
        assert desk.app.main.output.chosen == 4


async def test_hosts_filter_and_marks_aim_the_composer() -> None:
    async with at_desk(recorded()) as desk:
        table = desk.app.main.hosts.table
        await desk.press("/")
        await desk.write("nas")
        await desk.press("enter")
        assert list(table.shown_keys) == ["nas1", "nas2"]
        await desk.press("space", "space", "d")
        assert desk.app.draft.target == "nas1,nas2"
        await desk.press("escape", "escape")
        assert len(table.shown_keys) == 9


async def test_a_notice_leads_to_its_run() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("4", "j", "j", "enter")
        assert desk.app.main.current == "output"
        assert desk.app.main.output.chosen == 4


async def test_runs_history_reopens_a_dispatch() -> None:
    control = recorded()
    control.now += 60
    control.start(["nas1"], "another prompt")
    async with at_desk(control) as desk:
        await desk.press("o")
        assert desk.is_on(RunsScreen)
        await desk.press("j", "enter")
        assert last_call(control, "open_dispatch") == _first(control)
        assert desk.app.main.output.dispatch_id == _first(control)
        await desk.press("]")
        assert desk.app.main.output.dispatch_id != _first(control)


async def test_log_and_help_open_and_close() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("l")
        assert desk.is_on(FleetLogScreen)
        assert "refused" in desk.text()
        await desk.press("escape", "f1")
        assert desk.is_on(HelpScreen)
        await desk.write("mark")
        assert "Invert the marks" in desk.text()
        assert "Zoom the pane" not in desk.text()
        await desk.press("escape")
        assert desk.is_home()


@pytest.mark.parametrize(
    ("line", "pane"), [("hosts nas", "hosts"), ("outp web", "output"), ("notices", "notices")]
)
async def test_command_line_goes_places(line: str, pane: str) -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("2", "colon")
        await desk.write(line)
        await desk.press("enter")
        assert desk.app.main.current == pane
        if pane == "output":
            assert desk.app.main.output.chosen == 3


async def test_command_line_completes_remembers_and_corrects() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("semicolon")
        await desk.write("them")
        await desk.press("tab")
        await desk.write(" fleet-l")
        await desk.press("tab", "enter")
        assert desk.app.theme == "fleet-light"
        await desk.press("colon", "up")
        assert desk.app.screen.query_one(Input).value == "theme fleet-light"
        await desk.press("escape", "colon")
        await desk.write("hsots")
        await desk.press("enter")
        assert desk.toasts()[-1] == ":hsots is no command; did you mean :hosts?"


async def test_palette_does_what_is_chosen_and_themes_are_previewed() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("ctrl+p")
        await desk.write("choose a theme")
        await desk.press("enter")
        await desk.press("down")
        assert desk.app.theme != "fleet-dark"
        await desk.press("escape")
        assert desk.app.theme == "fleet-dark"


async def test_read_only_refuses_and_says_so() -> None:
    control = recorded()
    async with at_desk(control, read_only=True) as desk:
        assert "READ-ONLY" in desk.text()
        await desk.press("d")
        assert desk.is_home()
        assert "read-only" in desk.toasts()[-1]
        await desk.press("5", "x", "r")
        assert not control.calls


async def test_copy_says_what_was_copied() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("5", "home", "y")
        assert desk.app.clipboard == "claude 2.1.14 · read · session 7c1f"
        assert "Copied the line" in desk.toasts()[-1]
        await desk.press("e")
        assert "Copied 48 lines" in desk.toasts()[-1]


async def test_zoom_and_narrow_screens_show_one_pane() -> None:
    async with at_desk(recorded()) as desk:
        main = desk.app.main
        await desk.press("5", "z")
        assert main.output.size.width > 110
        assert not main.hosts.display or main.hosts.size.width == 0
        await desk.press("z")
        await desk.pilot.resize_terminal(80, 24)
        await desk.settle()
        await desk.press("4")
        assert main.notices.size.width > 70
        await desk.press("tab", "tab")
        assert main.current == "hosts"


async def test_new_dispatches_come_to_the_front_unless_one_looks_back() -> None:
    control = recorded()
    async with at_desk(control) as desk:
        output = desk.app.main.output
        control.now += 5
        second = control.start(["nas1"], "second")
        await desk.settle()
        assert output.dispatch_id == second
        await desk.press("[")
        control.now += 5
        control.start(["nas1"], "third")
        await desk.settle()
        assert output.dispatch_id == _first(control)


async def test_toasts_stay_few_and_one_sentence_stands_for_many() -> None:
    control = recorded()
    async with at_desk(control) as desk:
        for n in range(7):
            control.notice("error", "host-lost", f"web{n:02}", "gone")
        await desk.settle()
        assert desk.toasts()[-1] == "7 times host lost; the last: web06"
        for n in range(9):
            desk.app.toast(f"message {n}")
        assert len(desk.app.toaster.shown) == 3


async def test_the_program_ends_by_itself_and_tells_when_it_is_ready() -> None:
    ready: list[bool] = []
    async with at_desk(FakeControl(), on_ready=lambda: ready.append(True)) as desk:
        assert ready == [True]
        await desk.press("q")
        assert not desk.app.is_running
