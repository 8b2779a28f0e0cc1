from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fleet_tui.model.peer import OPERATOR, Message, Peer
from fleet_tui.peers import schema
from fleet_tui.peers.store import PeerStore, Talk
from fleet_tui.transport.loopback_http import HttpRequest
from tests.peers.desk import peer_desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def a_peer(name: str, **fields: object) -> Peer:
    return Peer(name, 1, name.partition("@")[2], **{"state": "idle", **fields})  # type: ignore[arg-type]


def test_what_another_program_writes_is_seen_at_once(tmp_path: Path) -> None:
    one, two = PeerStore(tmp_path), PeerStore(tmp_path)
    try:
        assert one.peers() == ()
        two.put_peer(a_peer("a@here", client="abc"), identity="a", incarnation="1")
        (found,) = one.peers()
        assert one.by_client("abc") == one.by_identity("a") == one.peer("a@here") == found
        two.set_peer("a@here", state="gone", token="t")
        assert [peer.state for peer in one.peers()] == ["gone"]
        assert one.by_token("t") == one.peer("a@here")
        one.set_peer("a@here", state="idle")
        assert [peer.state for peer in one.peers()] == [p.state for p in two.peers()] == ["idle"]
        assert one.by_token("") is None
    finally:
        one.close()
        two.close()


@contextmanager
def statements(store: PeerStore) -> Iterator[list[str]]:
    """Collect the first words of all that SQLite is asked to do."""
    said: list[str] = []
    connection = store.database._connection
    connection.set_trace_callback(lambda line: said.append(" ".join(line.split()[:2])))
    try:
        yield said
    finally:
        connection.set_trace_callback(None)


def a_request(path: str, **body: object) -> HttpRequest:
    headers = {"content-type": "application/json"}
    return HttpRequest("POST", path, headers, json.dumps(body).encode(), "here")


async def test_messages_that_come_together_share_a_commit_and_an_fsync(tmp_path: Path) -> None:
    async with peer_desk(tmp_path) as desk:
        service, log = desk.service, desk.stage.fleet.log
        ask = service._broker.handle
        about = {"cwd": "/srv", "summary": ""}
        ids: list[str] = []
        for pid in range(20):
            answer = await ask(a_request("/register", pid=pid, **about))
            ids.append(answer.value["id"])
        bodies = [
            {"from_id": ids[n], "to_id": ids[(n + 1) % 20], "text": f"{n}"} for n in range(20)
        ]
        before = log.fsyncs
        with statements(service.store) as said:
            answers = await asyncio.gather(*(ask(a_request("/send-message", **b)) for b in bodies))
        assert [answer.value for answer in answers] == [{"ok": True}] * 20
        assert said.count("COMMIT") == 1
        assert said.count("SELECT heard_at,") == 20
        assert len(said) <= 20 + 20 + 2 + 5  # a look and an insert each, one transaction
        assert log.fsyncs - before == 1
        assert {m.text for m in service.store.messages("1")} == {f"{n}" for n in range(20)}


async def test_who_asks_for_mail_and_has_none_writes_nothing(tmp_path: Path) -> None:
    async with peer_desk(tmp_path) as desk:
        ask = desk.service._broker.handle
        about = {"cwd": "/srv", "summary": ""}
        mine = (await ask(a_request("/register", pid=1, **about))).value["id"]
        with statements(desk.service.store) as said:
            answer = await ask(a_request("/poll-messages", id=mine))
        assert answer.value == {"messages": []}
        assert {line.split()[0] for line in said} <= {"PRAGMA", "SELECT"}


async def test_nobody_is_sent_for_what_its_recipient_fetches(tmp_path: Path) -> None:
    async with peer_desk(tmp_path) as desk:
        service = desk.service
        desk.peer("fetches", kind="client", source="broker")
        desk.peer("over-there", kind="client", source="bridge")
        desk.peer("session")
        woken = [
            desk.service.store.is_carried(f"{name}@here") for name in ("over-there", "session")
        ]
        assert woken == [True, True]
        await service.post.send("session@here", "fetches@here", "x")
        assert not service._wake.is_set()
        await service.post.send("fetches@here", "session@here", "y")
        assert service._wake.is_set()


def test_a_store_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    old = sqlite3.connect(tmp_path / "peers.sqlite3")
    for table in schema._TABLES:
        old.execute(table)
    old.execute("PRAGMA user_version = 1")
    old.commit()
    old.close()
    store = PeerStore(tmp_path)
    try:
        store.add([Message("m-1", OPERATOR, "a@here", "hello", "m-1", 5.0, hops=2)])
        assert store.talk(OPERATOR, "a@here", 4.0) == Talk(None, None, None, 1, 1, 1)
        assert store.talk("a@here", OPERATOR, 6.0) == Talk(5.0, 2, 5.0, 0, 0, 0)
        assert store.database.row("PRAGMA user_version")[0] == schema.VERSION  # type: ignore[index]
    finally:
        store.close()


def test_what_a_client_fetches_itself_is_nobody_elses_to_carry(tmp_path: Path) -> None:
    store = PeerStore(tmp_path)
    try:
        store.put_peer(
            a_peer("c@here", kind="client", source="broker"), identity="c", incarnation="1"
        )
        store.put_peer(a_peer("s@here"), identity="s", incarnation="1")
        store.add(Message(f"m-{to}", OPERATOR, to, "x", "t", 1.0) for to in ("c@here", "s@here"))
        assert [message.recipient for message in store.due(2.0)] == ["s@here"]
        peer = store.peer("c@here")
        assert peer is not None
        assert [m.id for m in store.hand_to_client(peer, 3.0, "fetched", 10)] == ["m-c@here"]
        assert store.hand_to_client(peer, 3.0, "fetched", 10) == []
        assert store.left_by_clients() == []
        store.set_peer("c@here", state="gone")
        assert [m.id for m in store.left_by_clients()] == ["m-c@here"]
    finally:
        store.close()
