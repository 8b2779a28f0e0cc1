"""The folder of a host behind a real sshd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncssh.sftp
import pytest

from fleet_tui.model.task import QueueError, Result
from fleet_tui.queue.sftp import sftp_store
from fleet_tui.queue.store import Draft
from tests.queue.contract import StoreContract
from tests.queue.folders import RULES, OwnClock, added, claimed, counts, watch_out
from tests.support.sshd import SshServer
from tests.transport.helpers import fleet_of, pool_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from fleet_tui.queue.directory_store import FolderStore
    from fleet_tui.queue.store import TaskStore
    from fleet_tui.transport.pool import ConnectionPool


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with SshServer(tmp_path_factory.mktemp("hub")) as running:
        yield running


@pytest.fixture
async def pool(server: SshServer) -> AsyncIterator[ConnectionPool]:
    async with pool_of(fleet_of(server)) as pool:
        yield pool


@pytest.fixture
async def store(pool: ConnectionPool, tmp_path: Path) -> AsyncIterator[TaskStore]:
    store = opened_on(pool, tmp_path)
    await store.open()
    yield store
    await store.close()


def opened_on(pool: ConnectionPool, folder: Path, clock: OwnClock | None = None) -> FolderStore:
    return sftp_store(pool, "web", str(folder / "queue"), RULES, clock or OwnClock())


class TestSftp(StoreContract):
    """Every promise, over SFTP."""


async def test_a_silent_owner_loses_its_task(pool: ConnectionPool, tmp_path: Path) -> None:
    clock = OwnClock()
    one, other = (opened_on(pool, tmp_path, clock) for _ in range(2))
    await one.open()
    await added(one, "a")
    claim = await claimed(one)
    assert await watch_out(other, clock, RULES.lease - 10) == []
    await one.beat(claim)
    assert await watch_out(other, clock, RULES.lease - 10) == []
    assert await watch_out(other, clock, RULES.lease) == ["a returned"]
    second = await claimed(other)
    await other.commit(second, Result("right"))
    with pytest.raises(QueueError):
        await one.commit(claim, Result("wrong"))
    assert [(r.state, r.result.text) for r in await one.results("a")] == [
        ("done", "right"),
        (None, "wrong"),
    ]


async def test_round_trips_of_a_task(
    pool: ConnectionPool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0
    make_request = asyncssh.sftp.SFTPClientHandler._make_request

    async def counting(*args: object, **more: object) -> object:
        nonlocal asked
        asked += 1
        return await make_request(*args, **more)  # type: ignore[arg-type]

    store = opened_on(pool, tmp_path)
    await store.open()
    monkeypatch.setattr(asyncssh.sftp.SFTPClientHandler, "_make_request", counting)
    trips = {}
    for step in ("add", "claim", "beat", "commit"):
        asked = 0
        if step == "add":
            await store.add([Draft(b"Do it.")])
        elif step == "claim":
            claim = await claimed(store)
        elif step == "beat":
            await store.beat(claim)
        else:
            await store.commit(claim, Result("ok"))
        trips[step] = asked
    assert trips == {"add": 9, "claim": 14, "beat": 1, "commit": 10}


async def test_a_lost_connection_is_made_anew(server: SshServer, tmp_path: Path) -> None:
    async with pool_of(fleet_of(server)) as pool:
        store = opened_on(pool, tmp_path)
        await store.open()
        await added(store, "a")
        claim = await claimed(store)
        server.restart()
        for _ in range(100):
            try:
                await store.commit(claim, Result("ok"))
                break
            except QueueError:
                continue
        assert await counts(store) == {"done": 1}
