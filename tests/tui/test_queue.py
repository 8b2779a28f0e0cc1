"""The queue and the heartbeats on the screen: seen, opened, ordered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.beats_view import BeatsView, PulseView, worst_first
from fleet_tui.model.errors import UsageError
from fleet_tui.model.queue_view import AttemptView, TaskDetail, TaskRow, WorkerRow
from fleet_tui.model.task import TaskOptions
from fleet_tui.tui.screens.confirm import ConfirmScreen
from fleet_tui.tui.screens.heartbeats import HeartbeatsScreen
from fleet_tui.tui.screens.host import HostScreen
from fleet_tui.tui.screens.queue import QueueScreen
from fleet_tui.tui.screens.report import ReportScreen
from fleet_tui.tui.screens.task import TaskScreen
from fleet_tui.tui.screens.task_form import TaskFormScreen
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl
from tests.tui.scene import connect

if TYPE_CHECKING:
    from fleet_tui.model.beats_view import PulseState

ROWS = (
    TaskRow("disks", "pending", "Look at the disks", 12.0),
    TaskRow("train", "pending", "Train it", 70.0, waits="until 22:00"),
    TaskRow("fix", "running", "Fix the crash", 4.0, owner="web01", attempt=2, is_signed=True),
    TaskRow("old", "done", "Read the logs", 3_700.0, owner="nas1", attempt=1, cost_usd=0.031),
    TaskRow("forged", "quarantined", reason="changed: it was changed after it was signed"),
)
WHY = "4 pending, no worker matches label gpu"


def filled() -> FakeControl:
    control = FakeControl()
    connect(control)
    control.queue.show(
        *ROWS, stalled=(WHY,), workers=(WorkerRow("web01", "web01", doing=("fix",), slots=2),)
    )
    return control


def orders(control: FakeControl) -> list[tuple[str, object]]:
    return [call for call in control.calls if call[0].startswith("queue.")]


async def test_the_pane_shows_states_counts_and_why_nothing_moves() -> None:
    async with at_desk(filled(), (160, 45)) as desk:
        shown = desk.text()
        assert "2 queue · 1 running · 2 pending · 1 refused · 1 done" in shown
        assert "● running" in shown
        assert "◌ waits" in shown
        assert "▲ refused" in shown
        assert WHY in shown
        assert [*desk.app.main.queue.table.shown_keys] == [
            "fix",
            "disks",
            "train",
            "forged",
            "old",
        ]


async def test_the_promise_stands_where_nothing_is_wrong() -> None:
    control = filled()
    control.queue.show(*ROWS, stalled=())
    async with at_desk(control, (160, 45)) as desk:
        assert "at-least-once run, exactly-once commit" in desk.text()
        control.queue.show(*ROWS, problem="the hub does not answer")
        await desk.settle()
        assert "the hub does not answer" in desk.text()


async def test_what_its_server_lacks_stands_on_its_screen() -> None:
    control = filled()
    control.queue.show(*ROWS, weaknesses=("hub cannot write to disk on request",))
    async with at_desk(control, (160, 45)) as desk:
        await desk.press("2", "a")
        assert desk.is_on(QueueScreen)
        assert "lacks" in desk.text()
        assert "hub cannot write to disk on request" in desk.text()


async def test_without_a_queue_it_says_so() -> None:
    async with at_desk(FakeControl(), (160, 45)) as desk:
        assert "fleet.toml has no [queue]" in desk.text()
        await desk.press("2", "n")
        assert desk.toasts() == ["fleet.toml has no [queue]."]


async def test_orders_are_for_the_marked_tasks() -> None:
    control = filled()
    async with at_desk(control, (120, 40)) as desk:
        await desk.press("2", "j", "space", "space", "w")
        assert orders(control) == [("queue.hold", ("disks", "train"))]
        assert "2 tasks: held" in desk.toasts()
        await desk.press("w")
        assert orders(control)[-1] == ("queue.unhold", ("disks", "train"))
        await desk.press("f")
        assert orders(control)[-1] == ("queue.reorder", (("disks", "train"), "first"))
        await desk.press("s")
        assert orders(control)[-1] == ("queue.sign", ("disks", "train"))


async def test_cancelling_asks_and_says_what_it_ends() -> None:
    control = filled()
    async with at_desk(control, (120, 40)) as desk:
        await desk.press("2", "x")
        assert desk.is_on(ConfirmScreen)
        assert "1 run ended with it" in desk.text()
        await desk.press("n")
        assert orders(control) == []
        await desk.press("x", "y")
        assert orders(control) == [("queue.cancel", ("fix",))]


async def test_what_cannot_be_done_says_why() -> None:
    control = filled()
    async with at_desk(control, (120, 40)) as desk:
        await desk.press("2", "r")
        assert "Only tasks that have ended can be put back." in desk.toasts()
        await desk.press("G", "x")
        assert "It has ended already." in desk.toasts()
        assert orders(control) == []
        control.refusal = UsageError("the queue is away")
        await desk.press("r")
        assert any("the queue is away" in toast for toast in desk.toasts())


async def test_a_task_opens_with_its_signature_its_tries_and_its_result() -> None:
    control = filled()
    control.queue.details["old"] = TaskDetail(
        ROWS[3],
        "+++\nmode = 'read'\n+++\nRead the logs",
        "Read the logs",
        TaskOptions(mode="read", tags=("night",)),
        "valid, by walhus@pc",
        (
            AttemptView(1, "web01", "failed", "r-1", outcome="error", reason="it broke"),
            AttemptView(2, "nas1", "done", "r-2", cost_usd=0.031),
        ),
        "Nothing to worry about.\n[bold]not markup[/bold]",
    )
    async with at_desk(control, (120, 40)) as desk:
        await desk.press("2", "G", "enter")
        assert desk.is_on(TaskScreen)
        shown = desk.text()
        for words in (
            "valid, by walhus@pc",
            "web01 · failed · error · it broke",
            "Nothing to worry about.",
            "[bold]not markup[/bold]",
            "run at least once, committed exactly once",
        ):
            assert words in shown
        await desk.press("t")
        assert "mode = 'read'" in desk.text()
        await desk.press("r")
        assert orders(control)[-2:] == [("queue.retry", ("old",)), ("queue.detail", "old")]


async def test_a_running_task_shows_its_run_live() -> None:
    control = filled()
    dispatch = control.start(["web01"], "Fix the crash")
    run = control.run_on(dispatch, "web01").run.id
    control.say(dispatch, "web01", ("t", "looking at the importer"))
    attempt = AttemptView(1, "web01", "running", run, is_here=True)
    control.queue.details["fix"] = TaskDetail(ROWS[2], "x", "x", TaskOptions(), "valid", (attempt,))
    async with at_desk(control, (120, 40)) as desk:
        await desk.press("2", "enter")
        assert "looking at the importer" in desk.text()
        control.say(dispatch, "web01", ("t", "found the cause"))
        await desk.settle()
        assert "found the cause" in desk.text()
        await desk.press("o")
        assert desk.is_home()
        assert desk.app.main.current == "output"


async def test_the_whole_queue_names_workers_and_reasons() -> None:
    async with at_desk(filled(), (120, 40)) as desk:
        await desk.press("2", "a")
        assert desk.is_on(QueueScreen)
        shown = desk.text()
        assert "web01 1/2 · fresh · holds fix" in shown
        assert WHY in shown
        await desk.press("enter")
        assert desk.is_on(TaskScreen)
        await desk.press("escape", "escape")
        assert desk.is_home()


async def test_a_task_is_written_and_a_draft_is_kept() -> None:
    control = filled()
    async with at_desk(control, (120, 40)) as desk:
        await desk.press("2", "n")
        assert desk.is_on(TaskFormScreen)
        await desk.write("Look at the fans")
        await desk.press("escape", "n", "f5")
        (added,) = orders(control)
        assert added[0] == "queue.add"
        assert str(added[1]).endswith("+++\nLook at the fans")
        assert desk.is_home()


async def test_a_waiting_task_is_changed() -> None:
    control = filled()
    async with at_desk(control, (120, 40)) as desk:
        await desk.press("2", "j", "e")
        assert desk.is_on(TaskFormScreen)
        await desk.write(" and fans")
        await desk.press("f5")
        assert orders(control)[-1] == ("queue.edit", ("disks", "Look at the disks and fans"))


async def test_workers_are_paused_and_the_report_is_shown() -> None:
    control = filled()
    async with at_desk(control, (120, 40)) as desk:
        await desk.press("2", "c")
        assert orders(control) == [("queue.pause", True)]
        assert "paused by walhus@cc-pc, 11-21 10:00" in desk.text()
        await desk.press("c")
        assert orders(control)[-1] == ("queue.pause", False)
        await desk.press("m")
        assert desk.is_on(ReportScreen)
        assert "1 failed" in desk.text()


async def test_read_only_changes_nothing() -> None:
    control = filled()
    async with at_desk(control, (120, 40), read_only=True) as desk:
        await desk.press("2", "x", "w", "n", "c")
        assert orders(control) == []


def pulse(name: str, state: PulseState, silent: float, **more: object) -> PulseView:
    return PulseView("queue", name, "worker", name, state, silent, **more)  # type: ignore[arg-type]


def beating(control: FakeControl) -> None:
    pulses = [
        pulse("nas1", "fresh", 8.0, history=(15.0, 15.0)),
        pulse("web01", "stale", 400.0, doing=("fix",), word="took fix", stale_since=control.now),
        pulse("web02", "suspect", 200.0),
    ]
    control.show_part(BeatsView(worst_first(pulses), 300.0, 180.0, control.now))


async def test_heartbeats_are_shown_the_worst_first() -> None:
    control = filled()
    beating(control)
    async with at_desk(control, (120, 40)) as desk:
        await desk.press("h")
        assert desk.is_on(HeartbeatsScreen)
        shown = desk.text()
        assert shown.index("✗ stale") < shown.index("▲ suspect") < shown.index("● fresh")
        assert "██████████" in shown
        assert "3 heartbeats · 1 stale" in shown
        assert "took fix" in shown


async def test_what_a_dead_worker_holds_is_taken_back() -> None:
    control = filled()
    beating(control)
    async with at_desk(control, (120, 40)) as desk:
        await desk.press("h", "t")
        assert desk.is_on(ConfirmScreen)
        await desk.press("y")
        assert orders(control) == [("queue.take_back", ("fix",))]
        await desk.press("t")
        assert "It holds no task that still runs." in desk.toasts()


async def test_a_heartbeat_leads_to_its_host() -> None:
    control = filled()
    beating(control)
    async with at_desk(control, (80, 24)) as desk:
        await desk.press("h", "enter")
        assert desk.is_on(HostScreen)
        assert "web01" in desk.text()
