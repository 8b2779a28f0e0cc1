"""The conversations of the demo's hosts, over the program's own connections."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncssh
import pytest

from fleet_tui.clock import SystemClock
from fleet_tui.demo import DemoFleet
from fleet_tui.demo.files import DemoFiles
from fleet_tui.dispatch.tombstone import refuse_if_moved
from fleet_tui.fleet import Fleet
from fleet_tui.handoff.plan import HandoffRequest
from fleet_tui.handoff.threads import ThreadReader
from fleet_tui.model.errors import Refused, UsageError
from fleet_tui.model.request import DispatchRequest
from fleet_tui.transport.pool import ConnectionPool

if TYPE_CHECKING:
    from fleet_tui.model.run import AgentName, Run


async def test_they_are_listed_searched_and_read(
    demo: DemoFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nonexistent/agent")
    pool = ConnectionPool(demo.config, clock=SystemClock(), on_status=lambda status: None)
    try:
        reader = ThreadReader(pool)
        names = [host.name for host in demo.config.hosts if host.name != demo.unreachable]
        found = await reader.list(names)
        assert [one.problem for one in found] == [""] * len(names)
        threads = [thread for one in found for thread in one.threads]
        assert len(threads) >= len(names)
        assert all(thread.title and thread.folder for thread in threads)
        (page,) = [await reader.read(threads[0].host, threads[0].session)]
        assert [said.speaker for said in page.said] == ["user", "tool", "result", "assistant"]
        hits = await reader.search(names, "SMTP 421")
        assert all(hit.said for one in hits for hit in one.hits)
        told = {t.session for t in threads if t.title.startswith("Why did receipts")}
        assert told
        assert told <= {hit.thread.session for one in hits for hit in one.hits}
        assert len(told) < len(threads)
    finally:
        await pool.close()


def test_nothing_of_the_real_disk_can_be_reached() -> None:
    """Every method of asyncssh's server that opens or changes a path is the demo's own."""
    harmless = {
        *("channel", "connection", "convert_attrs", "env", "exit", "format_group"),
        *("format_longname", "format_user", "logger", "map_path", "reverse_map_path"),
    }
    real = {name for name in dir(asyncssh.SFTPServer) if not name.startswith("_")}
    assert {name for name in real if name not in vars(DemoFiles)} == harmless


@pytest.mark.parametrize("agent", ["claude", "codex"])
async def test_a_session_moves_from_one_host_to_another_and_back(
    agent: AgentName, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nonexistent/agent")
    with DemoFleet.start(speed=0) as demo:
        await asyncio.to_thread(demo.wait_ready)
        fleet = Fleet(demo.config)
        await fleet.open()
        try:
            await move_there_and_back(fleet, agent)
        finally:
            await fleet.close()


async def move_there_and_back(fleet: Fleet, agent: AgentName) -> None:
    source, target = ("cloud-agent", "hs-pc") if agent == "codex" else ("web01", "web02")

    async def ask(host: str, prompt: str) -> Run:
        request = DispatchRequest(host, prompt, agent, "read")
        (run,) = await (await fleet.dispatch(request)).finished
        assert run.state == "succeeded", run.reason
        return run

    run = await ask(source, "What is the uptime here?")
    assert run.session is not None
    before = await fleet.parts.threads.read(source, run.session)
    assert before.said[0].text == "What is the uptime here?"
    desk = fleet.parts.handoff
    done = await desk.hand_off(HandoffRequest(run.id, target))
    assert (done.step, done.document) == ("done", "SESSION-HANDOFF.md")
    moved = await fleet.parts.threads.read(target, run.session)
    assert [one.text for one in moved.said] == [one.text for one in before.said]
    assert (desk.where(source, run.session), desk.where(source, "x")) == (target, source)
    with pytest.raises(UsageError, match="no thread"):
        await fleet.parts.threads.find(source, run.session)
    with pytest.raises(Refused, match=f"handed from {source} to {target}"):
        await refuse_if_moved(fleet.pool, source, run.session)
    onward = await (await fleet.resume(run.id, "And now?")).finished
    assert [(one.host, one.session) for one in onward] == [(target, run.session)]
    with pytest.raises(Refused, match="went on at"):
        await desk.take_back(run.id)
    back = await desk.hand_off(HandoffRequest(run.id, source))
    assert back.step == "done"
    home = await fleet.parts.threads.read(source, run.session)
    assert "And now?" in [one.text for one in home.said]
    assert len(home.said) > len(before.said)
