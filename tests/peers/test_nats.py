"""Two fleets that know nothing of each other but a NATS server; the server is a real one."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.events import NoticeRaised
from fleet_tui.model.peer import OPERATOR
from fleet_tui.peers import nats_post
from tests.peers.desk import peer_desk
from tests.support.nats import NatsServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from fleet_tui.model.peer import Message, Rung
    from tests.peers.desk import PeerDesk

pytest.importorskip("nats")
PATIENCE = 60.0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer(tmp_path) as running:
        yield running


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nats_post, "ANNOUNCE_EVERY", 0.05)
    monkeypatch.setattr(nats_post, "RECEIPTS_EVERY", 0.05)
    monkeypatch.setattr(nats_post, "RETRY_SECONDS", 0.1)
    for name in ("CONNECT_SECONDS", "ANSWER_SECONDS"):
        monkeypatch.setattr(f"fleet_tui.peers.nats_link.{name}", PATIENCE)


@asynccontextmanager
async def a_fleet(folder: Path, name: str, server: NatsServer) -> AsyncIterator[PeerDesk]:
    (folder / name).mkdir(exist_ok=True)
    async with peer_desk(folder / name, carrier="nats", url=server.url, name=name) as desk:
        assert desk.service.nats is not None
        desk.service.nats.start()
        yield desk


async def until(is_so: Callable[[], bool], *work: PeerDesk) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            for desk in work:
                await desk.service.carry()
            if is_so():
                return
            await asyncio.sleep(0.02)


def rung(desk: PeerDesk, message: Message) -> Rung | None:
    kept = desk.service.store.message(message.id)
    return kept.rung if kept else None


def knows(desk: PeerDesk, name: str) -> Callable[[], bool]:
    return lambda: (peer := desk.service.store.peer(name)) is not None and peer.is_live


async def test_sessions_of_two_fleets_list_write_and_answer(
    tmp_path: Path, server: NatsServer
) -> None:
    async with a_fleet(tmp_path, "home", server) as home, a_fleet(tmp_path, "work", server) as work:
        home.peer("cart", summary="mending carts")
        work.peer("horse", kind="client", source="broker", cwd="/srv/horse")
        await until(knows(home, "horse.here@work"))
        await until(knows(work, "cart.here@home"))
        seen = work.service.store.peer("cart.here@home")
        assert seen is not None
        assert (seen.host, seen.source) == ("home", "nats")
        assert "mending carts" in seen.summary
        sent = await home.service.post.send("cart@here", "horse.here@work", "hello over there")
        await until(lambda: rung(work, sent) is not None, home)
        assert rung(home, sent) == "handed-over"
        came = work.service.store.message(sent.id)
        assert came is not None
        assert (came.sender, came.recipient) == ("cart.here@home", "horse@here")
        assert came.text == "hello over there"
        answer = await work.service.post.send(
            "horse@here", "cart.here@home", "DONE: hello back", reply_to=sent.id
        )
        await until(lambda: rung(home, answer) is not None, work)
        assert rung(home, sent) == "replied"
        back = home.service.store.message(answer.id)
        assert back is not None
        assert (back.sender, back.recipient) == ("horse.here@work", "cart@here")
        assert back.reply_to == sent.id


async def test_what_its_fleet_proved_is_told_as_what_that_fleet_says(
    tmp_path: Path, server: NatsServer
) -> None:
    async with a_fleet(tmp_path, "home", server) as home, a_fleet(tmp_path, "work", server) as work:
        work.peer("horse")
        await until(knows(home, "horse.here@work"))
        sent = await home.service.post.send(OPERATOR, "horse.here@work", "are you there?")
        await until(lambda: rung(work, sent) is not None, home)
        came = work.service.store.message(sent.id)
        assert came is not None
        assert (came.sender, came.hops) == ("operator@home", 0)
        work.service.store.climb(sent.id, "seen", detail="transcript line at byte 12")
        await until(lambda: rung(home, sent) == "seen")
        told = home.service.store.message(sent.id)
        assert told is not None
        assert told.detail == "work says: transcript line at byte 12"
        assert told.route == "nats"


async def test_messages_outlast_the_server_and_a_fleet_that_is_away_and_come_once(
    tmp_path: Path, server: NatsServer
) -> None:
    async with a_fleet(tmp_path, "home", server) as home:
        async with a_fleet(tmp_path, "work", server) as work:
            work.peer("horse", kind="client", source="broker")
            await until(knows(home, "horse.here@work"))
        post = home.service.post
        sent = [await post.send(OPERATOR, "horse.here@work", f"{n}") for n in range(20)]
        await until(lambda: all(rung(home, one) == "handed-over" for one in sent), home)
        await asyncio.to_thread(server.restart)
        nats = home.service.nats
        assert nats is not None
        await until(lambda: nats.is_open)
        horse = home.service.store.peer("horse.here@work")
        assert horse is not None
        for message in sent[:5]:  # a hand-over whose acknowledgement got lost is made again
            await nats.hand(horse, message)
            await nats._link.mail("work", f"again-{message.id}", _said(message))
        async with a_fleet(tmp_path, "work", server) as work:
            await until(lambda: all(rung(work, one) is not None for one in sent))
            last = await post.send(OPERATOR, "horse.here@work", "last")
            await until(lambda: rung(work, last) is not None, home)
            texts = [message.text for message in work.service.store.messages("1")]
            assert sorted(texts) == sorted([*map(str, range(20)), "last"])


def _said(message: Message) -> dict[str, object]:
    return {
        "kind": "message",
        "fleet": "home",
        "id": message.id,
        "sender": message.sender,
        "to": "horse@here",
        "text": message.text,
    }


async def test_a_peer_that_is_not_there_is_told_and_nobody_is_written_to_through_a_third(
    tmp_path: Path, server: NatsServer
) -> None:
    async with a_fleet(tmp_path, "home", server) as home, a_fleet(tmp_path, "work", server) as work:
        work.peer("horse")
        await until(knows(home, "horse.here@work"))
        await until(knows(work, "operator@home"))
        nats, post = home.service.nats, home.service.post
        horse = home.service.store.peer("horse.here@work")
        assert nats is not None
        assert horse is not None
        await until(lambda: nats.is_open)
        for there in ("nobody@here", "operator@home"):
            sent = await post.send(OPERATOR, horse.name, "?")
            await nats.hand(replace(horse, client=there), sent)
            await until(lambda sent=sent: rung(home, sent) == "undeliverable")  # type: ignore[misc]
            told = home.service.store.message(sent.id)
            assert told is not None
            assert f"no peer is called '{there}'" in told.detail
        assert work.service.store.messages("1") == []


async def test_without_its_extra_all_else_goes_on_and_the_mend_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fleet_tui.peers.nats_link", None)
    async with peer_desk(tmp_path, carrier="nats") as desk:
        desk.peer("cart")
        assert desk.service.nats is None
        assert (await desk.service.post.send(OPERATOR, "cart@here", "hello")).rung == "queued"
        told = [e.notice.text for e in desk.stage.heard if isinstance(e, NoticeRaised)]
        assert any("pip install 'fleet-tui[nats]'" in text for text in told)
