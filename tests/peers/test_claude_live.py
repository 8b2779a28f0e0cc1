from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.peer import OPERATOR
from fleet_tui.peers import courier
from tests.peers.live import (
    PATIENCE,
    api,
    environment,
    found,
    home,
    local_fleet,
    reach,
    session_of,
    worker,
)
from tests.support.clis import require_cli
from tests.support.tmux import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.model_api import ModelApi


__all__ = ["api", "home"]
pytestmark = pytest.mark.timeout(300)


async def test_a_worker_gets_a_message_by_its_socket_and_only_its_transcript_proves_it(
    tmp_path: Path, home: Path, api: ModelApi
) -> None:
    async with worker(home, api) as session, local_fleet(tmp_path, home) as fleet:
        service = fleet.parts.peers
        peer = await found(fleet, session.session)
        assert peer.cwd == str(home / "work")
        sent = await service.post.send(OPERATOR, peer.name, "are you there? [[text:I AM HERE]]")
        got = await reach(service, sent.id, "seen", "replied")
        assert got.route == "socket"
        assert got.detail.startswith("transcript line at byte")
        offset = int(got.detail.rpartition(" ")[2].replace(",", ""))
        (transcript,) = (home / ".claude/projects").glob(f"*/{session.session}.jsonl")
        line = transcript.read_bytes()[offset:].split(b"\n", 1)[0]
        event = json.loads(line)
        assert event["type"] == "user"
        assert sent.id in str(event["message"]["content"])
        await reach(service, sent.id, "replied")
        (answer,) = service.store.messages("recipient = ?", OPERATOR)
        assert (answer.text, answer.reply_to) == ("I AM HERE", sent.id)


async def test_a_busy_worker_is_shown_it_once_its_turn_goes_on(
    tmp_path: Path, home: Path, api: ModelApi
) -> None:
    async with worker(home, api) as session, local_fleet(tmp_path, home) as fleet:
        service = fleet.parts.peers
        peer = await found(fleet, session.session)
        session.say("[[slow:30:0.05]]")
        await asyncio.to_thread(api.wait_until_streaming, PATIENCE)
        sent = await service.post.send(OPERATOR, peer.name, "stop that", urgency="interrupt")
        got = await reach(service, sent.id, "seen", "replied")
        assert "transcript line" in got.detail


async def test_a_session_killed_before_it_reads_leaves_unknown_and_its_next_one_gets_it_once(
    tmp_path: Path, home: Path, api: ModelApi
) -> None:
    async with local_fleet(tmp_path, home) as fleet:
        service = fleet.parts.peers
        async with worker(home, api) as session:
            peer = await found(fleet, session.session)
            session.say("[[endless]]")
            await asyncio.to_thread(api.wait_until_streaming, PATIENCE)
            sent = await service.post.send(OPERATOR, peer.name, "too late?", urgency="interrupt")
            handed = await reach(service, sent.id, "handed-over", "seen")
            assert handed.rung == "handed-over"
        lost = await reach(service, sent.id, "unknown", "seen", "replied")
        assert lost.rung == "unknown"
        assert "does not hold the message" in lost.detail
        async with worker(home, api, resume=session.session, first="") as again:
            again.say("[[text:here I am]] go on")  # not as the last prompt in its transcript asks
            await again.until(lambda event: event["type"] == "result")
            back = await found(fleet, session.session)
            assert (back.name, back.generation) == (peer.name, 2)
            seen = await reach(service, sent.id, "seen", "replied")
            assert seen.attempts == 2
        (transcript,) = (home / ".claude/projects").glob(f"*/{session.session}.jsonl")
        shown = [
            line
            for line in transcript.read_text().splitlines()
            if sent.id in line and json.loads(line)["type"] == "user"
        ]
        assert len(shown) == 1


async def test_an_interactive_session_gets_a_message_by_its_socket(
    tmp_path: Path, home: Path, api: ModelApi
) -> None:
    claude = require_cli("claude")
    folder = home / "work"
    folder.mkdir()
    settled = {
        "hasCompletedOnboarding": True,
        "customApiKeyResponses": {"approved": ["sk-ant-none"], "rejected": []},
        "projects": {str(folder): {"hasTrustDialogAccepted": True}},
    }
    (home / ".claude.json").write_text(json.dumps(settled))
    session = "5e551011-0000-4000-8000-000000000001"
    env = environment(home, api)
    with Terminal(tmp_path / "terminal", env, 120, 40) as terminal:
        terminal.type(f"cd {folder} && {claude} --session-id {session}")
        terminal.keys("Enter")
        async with local_fleet(tmp_path, home) as fleet:
            service = fleet.parts.peers
            peer = await found(fleet, session)
            assert peer.kind == "claude"
            sent = await service.post.send(OPERATOR, peer.name, "hello [[text:HELLO YOURSELF]]")
            got = await reach(service, sent.id, "seen", "replied")
            assert "transcript line" in got.detail
            await asyncio.to_thread(terminal.until, "HELLO YOURSELF")
            await reach(service, sent.id, "replied")


async def test_a_run_of_ours_is_told_on_its_standard_input_and_its_echo_brings_the_proof(
    tmp_path: Path, home: Path, api: ModelApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fleet_tui.model.request import DispatchRequest

    # Looks into the transcript are put off so far that only what the run says back brings one.
    monkeypatch.setattr(courier, "PROOF_EVERY", (600.0,))
    for name, value in environment(home, api).items():
        monkeypatch.setenv(name, value)
    (home / "work").mkdir()
    claude = require_cli("claude")
    from fleet_tui.model.host import Host

    here = Host(
        "here", connection="local", workdir=str(home / "work"), agent_paths={"claude": claude}
    )
    async with local_fleet(tmp_path, home, [here]) as fleet:
        service = fleet.parts.peers
        live = await fleet.dispatch(
            DispatchRequest("here", "[[endless]]", agent="claude", mode="write", can_ask=True)
        )
        await asyncio.to_thread(api.wait_until_streaming, PATIENCE)
        (task,) = live.tasks.values()
        peer = await found(fleet, await session_of(task))
        assert peer.run == task.run.id
        sent = await service.post.send(OPERATOR, peer.name, "and this", urgency="interrupt")
        await reach(service, sent.id, "handed-over", "seen", "replied")
        api.release()
        got = await reach(service, sent.id, "seen", "replied")
        assert got.route == "stdin"
        assert "transcript line" in got.detail
        (run,) = await live.finished
        assert run.state == "succeeded"


async def test_a_session_with_the_fleets_tools_lists_reads_and_replies(
    tmp_path: Path, home: Path, api: ModelApi
) -> None:
    from tests.support.sshd import free_port

    port = free_port()
    async with local_fleet(tmp_path, home, broker=f"127.0.0.1:{port}") as fleet:
        service = fleet.parts.peers
        await service.open_broker()
        connection = await fleet.pool.connection("here")
        await service.doors.leave_key(connection, "here")
        left = home / ".local/state/fleet-tui"
        assert (left / "peers.key").stat().st_mode & 0o777 == 0o600
        config = {"command": "python3", "args": [str(left / "peers-tools.py")]}
        given = json.dumps({"mcpServers": {"fleet": config}})
        allowed = "mcp__fleet__check_messages mcp__fleet__reply mcp__fleet__set_summary"
        flags = ("--mcp-config", given, "--allowedTools", *allowed.split())
        async with worker(home, api, *flags, first="") as session:
            session.say('[[tool:mcp__fleet__set_summary:{"summary":"mending carts"}]]')
            await session.until(lambda event: event["type"] == "result")
            await service.refresh()
            (peer,) = service.store.peers()
            assert (peer.session, peer.summary) == (session.session, "mending carts")
            sent = await service.post.send(OPERATOR, peer.name, "what now?", urgency="fyi")
            # It fetches its mail itself before the courier has any reason to use its socket.
            before = len(session.heard)
            session.say("[[tool:mcp__fleet__check_messages:{}]]")
            await session.until(lambda event: event["type"] == "result", after=before)
            got = await reach(service, sent.id, "seen")
            assert got.route == "tools"
            before = len(session.heard)
            arguments = json.dumps({"id": sent.id, "message": "DONE: mended"})
            session.say(f"[[tool:mcp__fleet__reply:{arguments}]]")
            await session.until(lambda event: event["type"] == "result", after=before)
            (answer,) = service.store.messages("recipient = ?", OPERATOR)
            assert (answer.sender, answer.text) == (peer.name, "DONE: mended")
            replied = service.store.message(sent.id)
            assert replied is not None
            assert replied.rung == "replied"
