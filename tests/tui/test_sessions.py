"""Taking up agent sessions, shells on hosts, and leaving while runs go on."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import UsageError
from fleet_tui.model.host import Host
from fleet_tui.tui import lending, textual_seams
from fleet_tui.tui.screens.confirm import ConfirmScreen
from fleet_tui.tui.screens.resume import ResumeScreen
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl
from tests.tui.scene import connect, recorded

if TYPE_CHECKING:
    from collections.abc import Iterator

SESSION = "7c1f0000-1111-4222-8333-444455556666"


def finished(**changes: object) -> tuple[FakeControl, str]:
    """Return a fleet with one run on nas1 that has ended, with a session; not the demo."""
    control = FakeControl()
    connect(control)
    control.set_fleet(is_demo=False)
    dispatch = control.start(["nas1"], "look around")
    control.move(dispatch, "nas1", "running")
    control.say(dispatch, "nas1", ("t", "all is well"))
    control.move(dispatch, "nas1", "succeeded", outcome="ok", cost=0.02)
    view = control.run_on(dispatch, "nas1")
    run = replace(view.run, session=SESSION, **changes)  # type: ignore[arg-type]
    control.set_run(replace(view, run=run))
    control.set_fleet()
    return control, run.id


@pytest.fixture
def lent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Let a terminal that is not there be lent; what ran on it is returned."""
    ran: list[tuple[str, ...]] = []

    @contextmanager
    def nothing(_app: object) -> Iterator[None]:
        yield

    def run(argv: tuple[str, ...], _banner: str) -> lending.Loan:
        ran.append(argv)
        return lending.Loan(3 if argv == ("fails",) else 0)

    monkeypatch.setattr(textual_seams, "can_lend_terminal", lambda _app: True)
    monkeypatch.setattr(textual_seams, "lent_terminal", nothing)
    monkeypatch.setattr(lending, "run_on_terminal", run)
    return ran


async def test_attach_takes_up_the_session_of_the_run_that_is_shown(
    lent: list[tuple[str, ...]],
) -> None:
    control, run = finished()
    async with at_desk(control) as desk:
        await desk.press("5", "a")
        assert control.calls == [("terminal", ("nas1", run))]
        assert lent == [("true",)]
        assert desk.is_home()
        await desk.press("1")
        desk.app.main.hosts.table.select("nas1")
        await desk.press("enter", "a")
        assert control.calls[1:] == [("terminal", ("nas1", run))]


async def test_shell_is_about_the_host_at_hand_and_a_failure_is_a_notice(
    lent: list[tuple[str, ...]],
) -> None:
    control, _ = finished()
    control.terminal_argv = ("fails",)
    async with at_desk(control) as desk:
        desk.app.main.hosts.table.select("droplet")
        await desk.press("s")
        await desk.press("5", "s")
        assert [argument for _, argument in control.calls] == [("droplet", None), ("nas1", None)]
        assert len(lent) == 2
        texts = [notice.text for notice in desk.app.store.notices.values()]
        assert texts[-1] == "fails ended with exit status 3"
        await desk.press("2", "colon")
        await desk.write("shell web01")
        await desk.press("enter")
        assert control.calls[-1] == ("terminal", ("web01", None))
        control.refusal = UsageError("no OpenSSH client is here")
        await desk.press("1", "s")
        assert "no OpenSSH client" in desk.toasts()[-1]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"state": "running"}, "It still runs; what it asks is answered here."),
        ({"session": None}, "This run never began an agent session."),
        ({"agent": "shell"}, "A plain command has no agent session"),
    ],
)
async def test_what_has_no_free_session_says_why(changes: dict[str, object], reason: str) -> None:
    control, run = finished()
    view = control.runs[run]
    control.set_run(replace(view, run=replace(view.run, **changes)))  # type: ignore[arg-type]
    async with at_desk(control) as desk:
        for key in ("a", "R"):
            await desk.press("5", key)
            assert reason in desk.toasts()[-1]
        assert not control.calls


async def test_the_demo_lends_no_terminal_but_goes_on_with_sessions() -> None:
    control, _ = finished()
    control.set_fleet(is_demo=True)
    async with at_desk(control) as desk:
        await desk.press("5", "a")
        assert desk.toasts()[-1] == "The demo's hosts have no terminal to give."
        await desk.press("s")
        assert desk.toasts()[-1] == "The demo's hosts have no terminal to give."
        await desk.press("b")
        assert desk.is_on(ResumeScreen)


async def test_with_several_runs_one_must_be_chosen() -> None:
    control = recorded()
    async with at_desk(control) as desk:
        await desk.press("5", "a")
        assert "choose one with ← →" in desk.toasts()[-1]


async def test_resume_sends_the_next_prompt_to_the_session() -> None:
    control, run = finished()
    async with at_desk(control) as desk:
        await desk.press("5", "R")
        assert desk.is_on(ResumeScreen)
        shown = desk.text()
        assert SESSION in shown
        assert "look around" in shown
        await desk.press("f5")
        assert "the prompt is empty" in desk.text()
        await desk.write("and now?")
        await desk.press("escape", "b")
        assert "and now?" in desk.text()
        control.refusal = UsageError("still uses this session")
        await desk.press("f5")
        assert "still uses this session" in desk.text()
        control.refusal = None
        await desk.press("f5")
        assert control.calls[-1] == ("resume", (run, "and now?"))
        assert desk.is_home()
        assert desk.app.main.current == "output"
        assert not desk.app.resume_drafts


async def test_a_lost_run_is_on_its_own_and_never_failed() -> None:
    control, _run = finished()
    dispatch = control.start(["nas1", "web01"], "a long job")
    for host in ("nas1", "web01"):
        control.move(dispatch, host, "running", "thinking")
    control.lose_contact(dispatch, "nas1", control.now - 10)
    async with at_desk(control) as desk:
        strip = desk.text()
        assert "◌ nas1  on its own · lost contact 12s ago" in strip
        assert "1 on its own" in strip
        assert "failed" not in strip
        assert "◌ 1 on its own" in desk.app.main.status.plain
        desk.app.main.hosts.table.select("nas1")
        await desk.press("1", "enter")
        assert "◌ on its own" in desk.text()
        assert "lost contact 12s ago · a long job" in desk.text()
        await desk.press("escape", "o")
        assert "◌ on its own" in desk.text()
        control.lose_contact(dispatch, "nas1")
        await desk.press("escape", "5")
        assert "lost contact" not in desk.text()


async def test_leaving_says_what_becomes_of_open_runs() -> None:
    hosts = [Host("nas1"), Host("nas2"), Host("win", shell="powershell")]
    control = FakeControl(hosts)
    control.set_fleet()
    dispatch = control.start(["nas1", "nas2", "win"], "a long job")
    for name in ("nas1", "nas2", "win"):
        control.move(dispatch, name, "running")
    async with at_desk(control) as desk:
        assert "There is no output." in desk.text()
        await desk.press("q")
        asked = desk.app.screen
        assert isinstance(asked, ConfirmScreen)
        assert asked.question.effect.startswith(
            "2 runs go on without this screen; they are found again at the next start. "
            "1 run on win is ended"
        )
        await desk.press("enter")
        assert desk.app.is_running
        await desk.press("q", "y")
        assert not desk.app.is_running


async def test_the_question_before_leaving_follows_the_runs() -> None:
    hosts = [Host("nas1"), Host("nas2")]
    control = FakeControl(hosts)
    control.set_fleet()
    dispatch = control.start(["nas1", "nas2"], "a long job")
    for name in ("nas1", "nas2"):
        control.move(dispatch, name, "running")
    async with at_desk(control) as desk:
        await desk.press("q")
        assert "2 runs go on without this screen" in desk.text()
        control.move(dispatch, "nas2", "succeeded", outcome="ok")
        await desk.settle()
        assert "1 run goes on without this screen" in desk.text()
        control.move(dispatch, "nas1", "succeeded", outcome="ok")
        await desk.settle()
        assert "Every run has ended meanwhile" in desk.text()
        assert "go on without" not in desk.text()
        control.start(["nas1"], "one more")
        await desk.settle()
        assert "1 run on nas1 is ended" in desk.text()
        await desk.press("enter")
        assert desk.app.is_running


async def test_leaving_the_demo_promises_nothing() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("q")
        asked = desk.app.screen
        assert isinstance(asked, ConfirmScreen)
        assert "go on" not in asked.question.effect


async def test_leaving_when_nothing_runs_asks_nothing() -> None:
    control, _ = finished()
    async with at_desk(control) as desk:
        await desk.press("q")
        assert not desk.app.is_running
