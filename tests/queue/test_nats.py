"""The queue on a real nats-server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.task import LeaseLost, QueueError, Result
from fleet_tui.queue import nats_link
from fleet_tui.queue.nats_store import NatsStore
from fleet_tui.queue.store import Draft, Rules
from tests.queue.contract import StoreContract
from tests.queue.folders import RULES, OwnClock, added, anything, claimed, counts
from tests.support.nats import NatsServer
from tests.support.sshd import refusing_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from fleet_tui.queue.store import TaskStore

SHORT = Rules(lease=1.0, max_attempts=2)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with NatsServer(tmp_path_factory.mktemp("hub")) as running:
        yield running


_number = 0


def store_on(server: NatsServer, rules: Rules = RULES, *, queue: str = "") -> NatsStore:
    global _number
    _number += 1
    return NatsStore(server.url, rules, OwnClock(), queue=queue or f"q{_number}")


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CONNECT_SECONDS", "ANSWER_SECONDS"):
        monkeypatch.setattr(nats_link, name, 60.0)


@pytest.fixture
async def store(server: NatsServer) -> AsyncIterator[TaskStore]:
    store = store_on(server)
    await store.open()
    yield store
    await store.close()


class TestNats(StoreContract):
    """Every promise, on a server."""


async def until_reaped(store: NatsStore) -> list[str]:
    while True:
        reaped = await store.reap()
        if reaped:
            return [f"{one.name} {one.kind}" for one in reaped]
        await asyncio.sleep(0.05)


async def test_a_silent_owner_loses_its_task(server: NatsServer) -> None:
    one, other = (store_on(server, SHORT, queue="silent") for _ in range(2))
    await one.open()
    await other.open()
    await added(one, "a")
    claim = await claimed(one)
    assert await until_reaped(other) == ["a returned"]
    second = await claimed(other)
    assert second.attempt == 2
    for late in (one.beat(claim), one.commit(claim, Result("stale"))):
        with pytest.raises(LeaseLost, match="silent for too long"):
            await late
    await other.commit(second, Result("fresh"))
    found = await one.results("a")
    assert [(r.state, r.result.text) for r in found] == [("done", "fresh"), (None, "stale")]
    await one.close()
    await other.close()


async def test_a_commit_that_had_succeeded_succeeds_again(store: TaskStore) -> None:
    await added(store, "a")
    claim = await claimed(store)
    await store.commit(claim, Result("ok"))
    await store.commit(claim, Result("ok"))
    assert [one.state for one in await store.results("a")] == ["done"]


async def test_a_message_that_was_delivered_too_often_is_dead(server: NatsServer) -> None:
    store = store_on(server, Rules(lease=0.2, max_attempts=1))
    await store.open()
    await added(store, "a")
    for _ in range(store._leases.most_deliveries):
        reply = await store._leases.take("a")
        assert reply is not None
        await store._leases.give_back(reply)
    assert await store._leases.take("a") is None
    assert await until_reaped(store) == ["a dead"]
    (entry,) = (await store.listing(["failed"])).entries
    assert "20 times without an end" in entry.reason
    assert await store._leases.names() == set()
    await store.close()


async def test_records_and_messages_are_made_to_agree(server: NatsServer) -> None:
    store = store_on(server, Rules(lease=0.5))
    await store.open()
    await added(store, "lost", "ended")
    await store._leases.purge("lost")
    known = await store._view.get("ended")
    assert known is not None
    from dataclasses import replace

    await store._view.swap(replace(known.record, state="done"), known.revision)
    clock = store._sweep._clock
    assert isinstance(clock, OwnClock)
    for _ in range(3):
        await store.reap()
        clock.pass_by(1)
    assert await store._leases.names() == {"lost"}
    assert (await claimed(store)).task.name == "lost"
    await store.close()


async def test_the_server_is_killed_and_comes_back(tmp_path: Path) -> None:
    with NatsServer(tmp_path) as server:
        store = store_on(server, Rules(lease=30.0))
        await store.open()
        await store.add([Draft(f"task {number}".encode()) for number in range(20)])
        claim = await claimed(store)
        server.kill()
        commit = asyncio.create_task(_commit_at_last(store, claim))
        await asyncio.sleep(0)
        server.start()
        await commit
        assert await counts(store) == {"pending": 19, "done": 1}
        done = 1
        while (claim_ := await store.claim(anything, host="a")) is not None:
            await store.commit(claim_, Result("ok"))
            done += 1
        assert done == 20
        await store.close()


async def _commit_at_last(store: NatsStore, claim: object) -> None:
    from fleet_tui.model.task import Claim

    assert isinstance(claim, Claim)
    while True:
        try:
            return await store.commit(claim, Result("ok"))
        except QueueError:
            await asyncio.sleep(0.05)


async def test_no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nats_link, "CONNECT_SECONDS", 0.5)
    with refusing_port() as port:
        store = NatsStore(f"nats://127.0.0.1:{port}", RULES, OwnClock())
        with pytest.raises(QueueError, match=r"no NATS server answers.*nats-server -js"):
            await store.open()


async def test_what_an_old_server_lacks_is_told(store: TaskStore) -> None:
    assert isinstance(store, NatsStore)
    recommended = tuple(int(word) for word in store._link.version.split(".")[:2]) >= (2, 11)
    assert bool(store.weaknesses) != recommended
