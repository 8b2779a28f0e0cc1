"""The real claude asks over real sshd; the question outlives the connection and the program."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from fleet_tui.config import load
from fleet_tui.fleet import Fleet
from fleet_tui.model.events import RunFinished
from fleet_tui.model.question import AllowEdited, Question
from fleet_tui.model.request import DispatchRequest
from tests.support.clis import require_cli
from tests.support.model_api import ModelApi
from tests.support.program import Program
from tests.support.sshd import SshServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from fleet_tui.model.events import Event
    from fleet_tui.model.run import Run

PROMPT = '[[tool:Bash:{"command":"touch asked.txt"}]]'
PATIENCE = 60.0


@pytest.fixture
def api() -> Iterator[ModelApi]:
    with ModelApi() as running:
        yield running


@pytest.fixture
def host(tmp_path: Path, api: ModelApi) -> Iterator[SshServer]:
    """A server whose logins find claude's key and the model's address in their environment."""
    home = tmp_path / "there"
    home.mkdir()
    env = {
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "ANTHROPIC_BASE_URL": api.url,
        "ANTHROPIC_API_KEY": "sk-ant-dummy",
    }
    folder = tmp_path / "sshd"
    folder.mkdir()
    with SshServer(folder, env=env) as running:
        yield running


@pytest.fixture
def program(tmp_path: Path, host: SshServer) -> Program:
    (tmp_path / "work").mkdir()
    program = Program(tmp_path / "here")
    program.configure_for(
        host,
        "web1",
        workdir=str(tmp_path / "work"),
        agent="claude",
        **{"agent_paths.claude": require_cli("claude")},
    )
    return program


@asynccontextmanager
async def opened(program: Program) -> AsyncIterator[Fleet]:
    fleet = Fleet(load(program.config))
    await fleet.open()
    try:
        yield fleet
    finally:
        await fleet.close()


async def until(fleet: Fleet, true: Callable[[], bool]) -> None:
    """Return once `true` holds; it is asked after every event."""
    changed = asyncio.Event()

    def heard(_: Event) -> None:
        changed.set()

    stop = fleet.bus.subscribe(heard)
    try:
        async with asyncio.timeout(PATIENCE):
            while not true():
                await changed.wait()
                changed.clear()
    finally:
        stop()


def asked(fleet: Fleet, run: str) -> tuple[Question, ...]:
    task = fleet.task(run)
    return task.conversation.questions() if task and task.conversation else ()


async def test_a_question_is_shown_again_after_connection_and_program_were_lost(
    program: Program, host: SshServer, tmp_path: Path
) -> None:
    async with opened(program) as first:
        request = DispatchRequest("web1", PROMPT, mode="write", can_ask=True)
        live = await first.dispatch(request)
        (run,) = live.tasks
        await until(first, lambda: bool(asked(first, run)))
        (question,) = asked(first, run)
        assert (question.host, question.tool, question.text) == ("web1", "Bash", "touch asked.txt")
        host.kill()
        host.kill_connections()
    host.restart()
    ended: list[Run] = []
    async with opened(program) as second:
        second.bus.subscribe(
            lambda event: ended.append(event.run) if isinstance(event, RunFinished) else None
        )
        assert await second.recovery.find_left_open() == 1
        await until(second, lambda: bool(asked(second, run)))
        (again,) = asked(second, run)
        assert again.text == question.text
        await second.answer(run, again.id, AllowEdited("touch edited.txt"))
        await until(second, lambda: bool(ended))
    assert [(r.id, r.state, r.outcome) for r in ended] == [(run, "succeeded", "ok")]
    assert [path.name for path in (tmp_path / "work").glob("*.txt")] == ["edited.txt"]
    answers = program.run("log", "--json", "message").objects
    assert [(a["answer"], a["msg"]) for a in answers] == [("allow-edited", "touch edited.txt")]
    assert program.run("log", "--verify").code == 0
