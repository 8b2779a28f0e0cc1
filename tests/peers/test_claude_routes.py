"""The ways to a real Claude Code session that are not the usual ones: resume, and a channel."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.host import Host
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
    settled,
    worker,
)
from tests.support.clis import require_cli
from tests.support.sshd import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.model_api import ModelApi

__all__ = ["api", "home"]
pytestmark = pytest.mark.timeout(300)


async def test_an_ended_session_is_resumed_with_the_message_and_its_transcript_proves_it(
    tmp_path: Path, home: Path, api: ModelApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment(home, api).items():
        monkeypatch.setenv(name, value)
    (home / "work").mkdir()
    agents = {"claude": require_cli("claude")}
    here = Host("here", connection="local", workdir=str(home / "work"), agent_paths=agents)
    async with local_fleet(tmp_path, home, [here]) as fleet:
        service = fleet.parts.peers
        async with worker(home, api) as session:
            peer = await found(fleet, session.session)
        await service.refresh()
        ended = service.store.peer(peer.name)
        assert ended is not None
        assert not ended.is_live
        text = "what did you do? [[text:I SAID HELLO]]"
        sent = await service.post.send(OPERATOR, peer.name, text, route="resume")
        got = await reach(service, sent.id, "replied")
        assert got.route == "resume"
        (answer,) = service.store.messages("recipient = ?", OPERATOR)
        assert (answer.text, answer.reply_to) == ("I SAID HELLO", sent.id)
        (transcript,) = (home / ".claude/projects").glob(f"*/{session.session}.jsonl")
        lines = map(json.loads, transcript.read_text().splitlines())
        shown = [x for x in lines if x.get("type") == "user" and sent.id in json.dumps(x)]
        assert len(shown) == 1
        run = await settled(fleet, session.session)
        assert (run.session, run.state) == (session.session, "succeeded")


async def test_what_a_closed_channel_swallows_is_not_called_seen_and_goes_another_way_once(
    tmp_path: Path, home: Path, api: ModelApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier, "CHANNEL_WITHIN", 0.5)
    port = free_port()
    async with local_fleet(tmp_path, home, broker=f"127.0.0.1:{port}") as fleet:
        service = fleet.parts.peers
        await service.open_broker()
        connection = await fleet.pool.connection("here")
        await service.doors.leave_key(connection, "here")
        tools = str(home / ".local/state/fleet-tui/peers-tools.py")
        server = {"command": "python3", "args": [tools, "--channel"]}
        given = json.dumps({"mcpServers": {"fleet": server}})
        async with worker(home, api, "--mcp-config", given) as session:
            peer = await found(fleet, session.session)
            sent = await service.post.send(OPERATOR, peer.name, "by the channel?")
            # Claude Code takes the notification and drops it: no channel was opened to it.
            async with asyncio.timeout(PATIENCE):
                while True:
                    pushed = service.store.message(sent.id)
                    if pushed is not None and pushed.rung != "queued":
                        break
                    await asyncio.sleep(0.05)
            assert (pushed.rung, pushed.route) == ("handed-over", "channel")
            await found(fleet, session.session)
            got = await reach(service, sent.id, "seen", "replied")
            assert got.route == "socket"
            assert got.attempts == 2
        (transcript,) = (home / ".claude/projects").glob(f"*/{session.session}.jsonl")
        lines = map(json.loads, transcript.read_text().splitlines())
        shown = [x for x in lines if x.get("type") == "user" and sent.id in json.dumps(x)]
        assert len(shown) == 1
