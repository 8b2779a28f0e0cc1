"""A hand-off that is cut off at any step: the session is never in two places, and it ends well."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from fleet_tui.fleet import Fleet
from fleet_tui.handoff import copy, mover, script
from fleet_tui.handoff.plan import HandoffRequest
from fleet_tui.journal import read
from fleet_tui.journal.parked import ParkedRows
from fleet_tui.model.config import FleetConfig
from fleet_tui.model.errors import Refused, UsageError
from fleet_tui.model.host import Host
from fleet_tui.model.parking_view import ParkedRun
from fleet_tui.model.run import Dispatch, Run
from tests.handoff.planted import SESSION, plant_claude, plant_codex

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fleet_tui.model.run import AgentName
    from fleet_tui.transport.base import Connection

STEPS = ("stage", "document", "aside", "publish")


def host(folder: Path, name: str) -> Host:
    """Return this machine under another home."""
    home = folder / name
    (home / "work").mkdir(parents=True)
    env = {
        "HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home / ".claude"),
        "CODEX_HOME": str(home / ".codex"),
        "XDG_STATE_HOME": str(home / "state"),
    }
    paths = {"claude": "/bin/true", "codex": "/bin/true"}
    return Host(name, connection="local", workdir=str(home / "work"), env=env, agent_paths=paths)


@asynccontextmanager
async def fleet_of_two(
    folder: Path, agent: AgentName = "claude", session: str = SESSION
) -> AsyncIterator[Fleet]:
    """Open a fleet in which `r-1` on `old` has a session."""
    fleet = Fleet(
        FleetConfig(
            hosts=(host(folder, "old"), host(folder, "new")),
            log=folder / "fleet.log",
            data_dir=folder / "data",
        )
    )
    await fleet.open()
    run = Run("r-1", "d-1", "old", agent, "read", "succeeded", "ok", session=session, finished_at=2)
    dispatch = Dispatch("d-1", "old", "mend the cart", agent, "read", "operator", "me@here", 1, 1.0)
    fleet.store.add_dispatch(dispatch, [run], "somebody")
    fleet.store.finish_runs([(run, "It is mended.")])
    try:
        yield fleet
    finally:
        await fleet.close()


class Cut(BaseException):
    """What a kill does: nothing after it is run."""


def runnable(folder: Path) -> list[str]:
    """Return the hosts on which an agent would find the session."""
    found = []
    for name in ("old", "new"):
        for place in (".claude/projects", ".codex/sessions"):
            paths = (folder / name / place).rglob("*.jsonl")
            found += [name for path in paths if not path.name.startswith(".")]
    return found


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_the_same_command_completes_it(step: str, is_after: bool, tmp_path: Path) -> None:
    plant_claude(tmp_path / "old")
    data = next((tmp_path / "old/.claude/projects").rglob("*.jsonl")).read_bytes()
    real = script.ask

    async def cut(connection: Connection, *words: str, **more: object) -> script.Told:
        told = script.Told()
        if words[0] != step or is_after:
            told = await real(connection, *words, **more)  # type: ignore[arg-type]
        if words[0] == step:
            raise Cut
        return told

    async with fleet_of_two(tmp_path) as fleet:
        request = HandoffRequest("r-1", "new")
        seam: Any = patch.object(mover, "ask", cut)
        if step == "stage":
            seam = patch.object(mover, "copy", side_effect=Cut)
        with seam, pytest.raises(Cut):
            await fleet.parts.handoff.hand_off(request)
        where = runnable(tmp_path)
        assert len(where) <= 1
        if step == "aside" and is_after:
            assert where == []
            with pytest.raises(Refused, match="handed from old to new"):
                await fleet.resume("r-1", "on")
        done = await fleet.parts.handoff.hand_off(request)
        assert done.step == "done"
        assert runnable(tmp_path) == ["new"]
        (moved,) = (tmp_path / "new/.claude/projects").rglob("*.jsonl")
        assert moved.read_bytes() == data
        assert list(moved.parent.iterdir()) == [moved]
        phases = [line.text("phase") for line in read(fleet.log_path) if line.event == "handoff"]
        assert phases[0] == "begin"
        assert phases[-1] == "done"
        with pytest.raises(Exception, match="on new already"):
            await fleet.parts.handoff.hand_off(request)


async def test_half_way_it_can_be_taken_back(tmp_path: Path) -> None:
    path = plant_claude(tmp_path / "old")
    real = script.ask

    async def cut(connection: Connection, *words: str, **more: object) -> script.Told:
        if words[0] == "publish":
            raise Cut
        return await real(connection, *words, **more)  # type: ignore[arg-type]

    async with fleet_of_two(tmp_path) as fleet:
        with patch.object(mover, "ask", cut), pytest.raises(Cut):
            await fleet.parts.handoff.hand_off(HandoffRequest("r-1", "new"))
        with pytest.raises(Refused, match="half handed over"):
            await fleet.resume("r-1", "on")
        assert runnable(tmp_path) == []
        await fleet.parts.handoff.take_back("r-1")
        assert runnable(tmp_path) == ["old"]
        assert path.exists()
        assert not [p for p in (tmp_path / "new").rglob("*") if ".jsonl" in p.name]


async def test_what_is_said_at_the_last_moment_goes_along(tmp_path: Path) -> None:
    path = plant_claude(tmp_path / "old")
    real = script.ask

    async def late(connection: Connection, *words: str, **more: object) -> script.Told:
        if words[0] == "aside":
            with path.open("ab") as file:
                file.write(b'{"type":"user","message":{"content":"one more"}}\n')
        return await real(connection, *words, **more)  # type: ignore[arg-type]

    async with fleet_of_two(tmp_path) as fleet:
        with patch.object(mover, "ask", late):
            await fleet.parts.handoff.hand_off(HandoffRequest("r-1", "new"))
        (moved,) = (tmp_path / "new/.claude/projects").rglob("*.jsonl")
        assert b"one more" in moved.read_bytes()


async def test_two_programs_do_not_move_one_session_at_once(tmp_path: Path) -> None:
    plant_claude(tmp_path / "old")
    reached, go_on = asyncio.Event(), asyncio.Event()
    real = copy.copy

    async def waits(*words: object) -> str:
        reached.set()
        await go_on.wait()
        return await real(*words)  # type: ignore[arg-type]

    async with fleet_of_two(tmp_path) as fleet:
        desk = fleet.parts.handoff
        with patch.object(mover, "copy", waits):
            first = asyncio.create_task(desk.hand_off(HandoffRequest("r-1", "new")))
            await reached.wait()
            with pytest.raises(Refused, match="another program"):
                await desk.hand_off(HandoffRequest("r-1", "new"))
            with pytest.raises(Refused, match="right now"):
                await fleet.resume("r-1", "on")
            go_on.set()
            await first
        assert [one.host for one in desk.waiting(["new"])] == ["new"]
        assert desk.waiting(["old"]) == ()


async def test_a_session_that_goes_on_by_itself_is_not_moved(tmp_path: Path) -> None:
    plant_claude(tmp_path / "old")
    async with fleet_of_two(tmp_path) as fleet:
        parked = ParkedRun("r-1", "old", 1e12, 1, 0.0, "the limit of five hours")
        ParkedRows(fleet.store).add(parked, "somebody")
        with pytest.raises(UsageError, match="waits for the end of a limit"):
            await fleet.parts.handoff.hand_off(HandoffRequest("r-1", "new"))
        assert runnable(tmp_path) == ["old"]


async def test_a_thread_of_codex_keeps_its_place_by_date(tmp_path: Path) -> None:
    from tests.handoff.planted import THREAD

    path = plant_codex(tmp_path / "old")
    async with fleet_of_two(tmp_path, "codex", THREAD) as fleet:
        done = await fleet.parts.handoff.hand_off(HandoffRequest("r-1", "new"))
        assert done.target_path == str(tmp_path / "new" / path.relative_to(tmp_path / "old"))
        assert runnable(tmp_path) == ["new"]
