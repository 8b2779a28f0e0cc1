from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

from fleet_tui.model.peer import OPERATOR, Message, Peer
from fleet_tui.peers import schema
from fleet_tui.peers.store import PeerStore
from tests.peers.desk import peer_desk

if TYPE_CHECKING:
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


async def test_messages_that_come_together_share_a_commit_and_an_fsync(tmp_path: Path) -> None:
    async with peer_desk(tmp_path) as desk:
        for number in range(20):
            desk.peer(f"p{number}")
        service, log = desk.service, desk.stage.fleet.log
        said: list[str] = []
        connection = service.store.database._connection
        connection.set_trace_callback(said.append)
        before = log.fsyncs
        sends = (service.post.send(f"p{n}@here", f"p{(n + 1) % 20}@here", "x") for n in range(20))
        sent = await asyncio.gather(*sends)
        connection.set_trace_callback(None)
        assert sum(line == "COMMIT" for line in said) == 1
        assert log.fsyncs - before == 1
        assert {message.id for message in service.store.messages("1")} == {m.id for m in sent}


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
        assert store.newest(OPERATOR, "a@here") == (5.0, 2)
        assert store.traffic(OPERATOR, "a@here", 4.0) == (1, 1, 1)
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
