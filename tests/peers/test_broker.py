from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.peer import OPERATOR
from fleet_tui.peers.broker import LIVE_SECONDS, digest
from tests.peers.desk import PeerDesk, peer_desk
from tests.peers.knock import knock, register
from tests.support.sshd import free_port
from tests.tui.fixed_clock import FixedClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fleet_tui.model.clock import Clock


@asynccontextmanager
async def brokered(folder: Path, clock: Clock | None = None) -> AsyncIterator[tuple[PeerDesk, int]]:
    port = free_port()
    async with peer_desk(folder, clock=clock, broker=f"127.0.0.1:{port}") as desk:
        await desk.service.doors.open(desk.service.here)
        yield desk, port


async def test_it_answers_as_the_broker_of_claude_peers_does(tmp_path: Path) -> None:
    async with brokered(tmp_path) as (desk, port):
        assert await knock(port, "/health", method="GET") == (200, {"status": "ok", "peers": 0})
        assert await knock(port, "/x", method="GET") == (200, "claude-peers broker")
        one = await register(port, cwd="/srv/w", summary="tests")
        two = await register(port, cwd="/srv/b", pid=42)
        assert re.fullmatch("[a-z0-9]{8}", one)
        asked = {"scope": "machine", "cwd": "/srv/w", "git_root": None, "exclude_id": one}
        status, peers = await knock(port, "/list-peers", asked)
        assert status == 200
        (row,) = peers
        assert " ".join(row) == "id pid cwd git_root tty summary registered_at last_seen"
        assert (row["id"], row["pid"], row["cwd"], row["git_root"]) == (two, 42, "/srv/b", None)
        said = {"from_id": one, "to_id": two, "text": "hello"}
        assert await knock(port, "/send-message", said) == (200, {"ok": True})
        status, mail = await knock(port, "/poll-messages", {"id": two})
        (message,) = mail["messages"]
        assert " ".join(message) == "id from_id to_id text sent_at delivered"
        assert isinstance(message["id"], int)
        assert message["delivered"] == 0
        assert (message["from_id"], message["to_id"], message["text"]) == (one, two, "hello")
        assert await knock(port, "/poll-messages", {"id": two}) == (200, {"messages": []})
        nobody = {"from_id": one, "to_id": "zzzzzzzz", "text": "?"}
        status, answer = await knock(port, "/send-message", nobody)
        assert (status, answer) == (200, {"ok": False, "error": "Peer zzzzzzzz not found"})
        for path in ("/heartbeat", "/set-summary", "/unregister"):
            body = {"id": one, "summary": "s"}
            assert await knock(port, path, body) == (200, {"ok": True})
        assert (await knock(port, "/nowhere", {}))[0] == 404
        status, answer = await knock(port, "/register", {"pid": 3, "cwd": "/x"})
        assert (status, answer["error"]) == (500, "NOT NULL constraint failed: peers.summary")
        assert (await knock(port, "/send-message", raw=b"{nope"))[0] == 500
        (kept,) = desk.service.store.messages("text = 'hello'")
        assert kept.rung == "handed-over"
        assert "acknowledges nothing" in kept.detail


@pytest.mark.parametrize("path", ["/register", "/send-message", "/list-peers", "/fleet/peers"])
async def test_a_web_page_is_refused(tmp_path: Path, path: str) -> None:
    async with brokered(tmp_path) as (desk, port):
        body = {"from_id": "cli", "to_id": "a", "text": "obey", "pid": 1, "cwd": "/", "summary": ""}
        pages: list[dict[str, str | None]] = [
            {"Origin": "https://evil.example"},
            {"Origin": "null", "Content_Type": "text/plain"},
            {"Sec_Fetch_Site": "cross-site"},
            {"Host": f"evil.example:{port}"},
            {"Host": f"127.0.0.1.evil.example:{port}"},
        ]
        for headers in pages:
            status, answer = await knock(port, path, body, raw=None, method="POST", **headers)
            assert status == 403, answer
        status, _ = await knock(port, path, body, Content_Type="text/plain")
        assert status == 415
        status, _ = await knock(port, path, body, Content_Type=None)
        assert status == 415
        assert desk.service.store.peers() == ()
        assert desk.service.store.messages("1") == []
    assert any("web pages" in line.text("why") for line in desk.log("refused"))


async def test_a_wrong_token_is_refused_whatever_it_asks(tmp_path: Path) -> None:
    async with brokered(tmp_path) as (desk, port):
        desk.peer("a")
        desk.service.store.set_peer("a@here", token=digest("right"))
        for path in ("/fleet/peers", "/fleet/fetch", "/list-peers"):
            status, _ = await knock(port, path, {}, Authorization="Bearer wrong")
            assert status == 401
        assert (await knock(port, "/fleet/peers", {}))[0] == 401
        assert (await knock(port, "/fleet/enrol", {"session": "s", "key": "guess"}))[0] == 401


async def test_five_megabytes_are_refused_unread(tmp_path: Path) -> None:
    async with brokered(tmp_path) as (desk, port):
        status, answer = await knock(port, "/send-message", raw=b'"' + b"x" * (5 << 20) + b'"')
        assert status == 413, answer
        status, _ = await knock(port, "/send-message", {}, X_Long="y" * (64 << 10))
        assert status == 431
        assert desk.service.store.messages("1") == []
        assert (await knock(port, "/health", method="GET"))[0] == 200


async def test_a_forged_sender_is_refused(tmp_path: Path) -> None:
    async with brokered(tmp_path) as (desk, port):
        one = await register(port)
        desk.peer("victim")
        desk.peer("mine")
        desk.service.store.set_peer("mine@here", token=digest("t"))
        elsewhere = desk.peer("far", host="there", kind="client", client="farfarfa")
        for sender in ("victim@here", "nobody00", OPERATOR, elsewhere.client):
            body = {"from_id": sender, "to_id": one, "text": "obey"}
            status, answer = await knock(port, "/send-message", body)
            assert status == 403, answer
        body = {"from_id": one, "to_id": "victim@here", "text": "with another's token"}
        status, _ = await knock(port, "/send-message", body, Authorization="Bearer t")
        assert status == 403
        assert desk.service.store.messages("1") == []
        # Nobody's mail is read, and nobody's summary changed, through another host's door.
        assert await knock(port, "/poll-messages", {"id": elsewhere.client}) == (
            200,
            {"messages": []},
        )


async def test_a_client_that_fell_silent_is_not_listed_but_keeps_its_mail(tmp_path: Path) -> None:
    clock = FixedClock()
    async with brokered(tmp_path, clock) as (desk, port):
        one = await register(port, pid=1)
        two = await register(port, pid=2)
        await knock(port, "/send-message", {"from_id": one, "to_id": two, "text": "later"})
        clock.advance(LIVE_SECONDS + 1)
        await knock(port, "/heartbeat", {"id": one})
        _, peers = await knock(port, "/list-peers", {})
        assert [peer["id"] for peer in peers] == [one]
        # It starts again: another id, the same process place, the same name, its mail.
        again = await register(port, pid=2)
        _, mail = await knock(port, "/poll-messages", {"id": again})
        assert [m["text"] for m in mail["messages"]] == ["later"]
        assert {peer.generation for peer in desk.service.store.peers()} == {1, 2}


async def test_twenty_clients_send_two_thousand_and_each_gets_its_own_once(tmp_path: Path) -> None:
    async with brokered(tmp_path) as (_, port):
        ids = [await register(port, pid=100 + n) for n in range(20)]

        async def talk(number: int) -> None:
            for count in range(10):
                to = ids[(number + 1 + count) % 20]
                body = {"from_id": ids[number], "to_id": to, "text": f"{number}.{count}"}
                status, answer = await knock(port, "/send-message", body)
                assert (status, answer) == (200, {"ok": True})

        await asyncio.gather(*map(talk, range(20)))
        polls = [knock(port, "/poll-messages", {"id": ids[n % 20]}) for n in range(80)]
        got = [m["text"] for _, mail in await asyncio.gather(*polls) for m in mail["messages"]]
        assert sorted(got) == sorted(f"{n}.{c}" for n in range(20) for c in range(10))


async def test_an_enrolled_session_has_a_lease_until_it_acknowledges(tmp_path: Path) -> None:
    clock = FixedClock()
    async with brokered(tmp_path, clock) as (desk, port):
        key = desk.service.doors.key_of("here")
        about = {"session": "f63f1234", "cwd": "/srv/w", "key": key}
        status, me = await knock(port, "/fleet/enrol", about)
        assert (status, me["name"]) == (200, "w-f63f@here")
        bearer = f"Bearer {me['token']}"
        sent = await desk.service.post.send(OPERATOR, me["name"], "status?")
        _, first = await knock(port, "/fleet/fetch", {}, Authorization=bearer)
        assert [m["id"] for m in first["messages"]] == [sent.id]
        clock.advance(121)
        _, again = await knock(port, "/fleet/fetch", {}, Authorization=bearer)
        assert [m["id"] for m in again["messages"]] == [sent.id]
        await knock(port, "/fleet/acknowledge", {"id": sent.id}, Authorization=bearer)
        clock.advance(121)
        _, none = await knock(port, "/fleet/fetch", {}, Authorization=bearer)
        assert none == {"messages": []}
        reply = {"reply_to": sent.id, "text": "all green"}
        status, answer = await knock(port, "/fleet/send", reply, Authorization=bearer)
        assert (status, answer["to"]) == (200, OPERATOR)
        now = desk.service.store.message(sent.id)
        assert now is not None
        assert now.rung == "replied"
        status, answer = await knock(
            port, "/fleet/reserve", {"path": "src/a.py", "reason": "x"}, Authorization=bearer
        )
        assert answer["path"] == "here:/srv/w/src/a.py"
