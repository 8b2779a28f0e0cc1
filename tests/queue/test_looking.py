"""Who only looks at a queue makes none and changes none, whatever it is kept in."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import nats
import pytest

from fleet_tui.clock import SystemClock
from fleet_tui.fleet import Fleet
from fleet_tui.model.task import Beat, QueueMissing
from fleet_tui.queue.directory import directory_store
from fleet_tui.queue.nats_store import NatsStore
from fleet_tui.queue.sftp import sftp_store
from fleet_tui.queue.store import Draft, Rules
from tests.queue.folders import RULES, OwnClock, added, claimed, counts
from tests.queue.site import queue_file
from tests.support.nats import NatsServer
from tests.support.sshd import SshServer
from tests.support.stage import staged
from tests.transport.helpers import fleet_of, pool_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fleet_tui.queue.store import TaskStore


def tree(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return every name below `folder` with its size and times."""
    return {
        str(path.relative_to(folder)): (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        for path in sorted(folder.rglob("*"))
        for status in (os.lstat(path),)
    }


async def streams(server: NatsServer) -> dict[str, tuple[int, int, int]]:
    """Return every stream with its messages, bytes and the last number given out."""
    client = await nats.connect(server.url)
    try:
        found = await client.jetstream().streams_info()
        return {
            one.config.name or "": (one.state.messages, one.state.bytes, one.state.last_seq)
            for one in found
        }
    finally:
        await client.close()


async def fill(store: TaskStore) -> None:
    """Leave a task that waits, one that is held and one that runs, and a sign of life."""
    await store.open()
    await added(store, "a", "b", "c")
    await store.hold("b")
    await claimed(store)
    await store.show_life(Beat("nas1", "worker", "nas1"))
    await store.close()


async def look_all_over(fleet: Fleet, names: list[str]) -> None:
    """Ask for everything that doctor, `queue list/show/report` and `heartbeats` show."""
    queue = fleet.parts.queue
    condition = await fleet.parts.queue_condition()
    assert condition is not None
    assert condition.error is None
    view = await queue.look()
    assert sorted(row.name for row in view.rows) == names
    for name in names:
        await queue.orders.detail(name)
    await queue.orders.report()
    assert [pulse.name for pulse in (await fleet.parts.beats.look()).pulses] == ["nas1"]


async def find_none(fleet: Fleet) -> None:
    """Look for a queue that is not there."""
    condition = await fleet.parts.queue_condition()
    assert condition is not None
    assert isinstance(condition.error, QueueMissing)
    with pytest.raises(QueueMissing, match=r"no queue there yet .*`fleet-tui queue add`"):
        await fleet.parts.queue.look()
    (problem,) = (await fleet.parts.beats.look()).problems
    assert "there is no queue there yet" in problem


@asynccontextmanager
async def over_sftp(folder: Path) -> AsyncIterator[tuple[Fleet, TaskStore]]:
    """Open a fleet whose queue is behind a real sshd, and another way to that queue."""
    place = str(folder / "queue")
    with SshServer(folder / "ssh") as server:
        config = replace(
            fleet_of(server),
            log=folder / "fleet.log",
            data_dir=folder / "data",
            sections=MappingProxyType(
                {"queue": MappingProxyType({"backend": "sftp", "host": "web", "path": place})}
            ),
        )
        fleet = Fleet(config)
        await fleet.open()
        try:
            async with pool_of(fleet_of(server)) as pool:
                yield fleet, sftp_store(pool, "web", place, RULES, OwnClock())
        finally:
            await fleet.close()


async def test_a_folder_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    async with staged(queue_file(tmp_path, ["box"], path=str(folder)), {}) as stage:
        await find_none(stage.fleet)
    assert not folder.exists()
    await fill(directory_store(folder, RULES, OwnClock()))
    before = tree(folder)
    async with staged(queue_file(tmp_path, ["box"], path=str(folder)), {}) as stage:
        await look_all_over(stage.fleet, ["a", "b", "c"])
    assert tree(folder) == before


async def test_a_folder_behind_sftp_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "queue"
    (tmp_path / "ssh").mkdir()
    async with over_sftp(tmp_path) as (fleet, store):
        await find_none(fleet)
        assert not folder.exists()
        await fill(store)
        before = tree(folder)
        await look_all_over(fleet, ["a", "b", "c"])
        assert tree(folder) == before


async def test_the_streams_of_a_nats_server_are_left_as_they_are(tmp_path: Path) -> None:
    with NatsServer(tmp_path) as server:
        config = queue_file(tmp_path, ["box"], backend="nats", url=server.url)
        async with staged(config, {}) as stage:
            await find_none(stage.fleet)
        assert await streams(server) == {}
        await fill(NatsStore(server.url, RULES, SystemClock()))
        before = await streams(server)
        assert len(before) == 7
        async with staged(config, {}) as stage:
            await look_all_over(stage.fleet, ["a", "b", "c"])
        assert await streams(server) == before
        server.restart()  # heartbeats were in its memory
        async with staged(config, {}) as stage:
            view = await stage.fleet.parts.queue.look()
            assert view.counts["pending"] + view.counts["held"] + view.counts["running"] == 3
            assert (await stage.fleet.parts.beats.look()).pulses == ()
        assert await streams(server) == {
            name: state for name, state in before.items() if not name.endswith("-beats")
        }


async def test_the_folders_that_a_shell_worker_made_are_enough(tmp_path: Path) -> None:
    (tmp_path / "pending").mkdir()
    (tmp_path / "pending" / "one.md").write_text("Look.")
    store = directory_store(tmp_path, Rules(), OwnClock())
    assert await store.find() is None
    assert await counts(store) == {"pending": 1}
    assert await store.heartbeats() == []
    assert await store.marks() == []
    assert set(tree(tmp_path)) == {"pending", "pending/one.md"}
    await store.open()
    await store.add([Draft(b"More.", "two")])
    assert await counts(store) == {"pending": 2}
    await store.close()


async def test_a_look_is_followed_by_work_on_one_connection(tmp_path: Path) -> None:
    with NatsServer(tmp_path) as server:
        await fill(NatsStore(server.url, RULES, SystemClock()))
        config = queue_file(tmp_path, ["box"], backend="nats", url=server.url)
        async with staged(config, {}) as stage:
            queue = stage.fleet.parts.queue
            await queue.look()
            await queue.open()
            await queue.store.add([Draft(b"More.", "d")])
            assert {row.name for row in (await queue.look()).rows} == {"a", "b", "c", "d"}


async def test_a_folder_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(directory_store(tmp_path, RULES, OwnClock()))
    # stands for another user's folder, which root would be let into
    monkeypatch.setattr(os, "access", lambda path, mode: not path.endswith("pending"))
    store = directory_store(tmp_path, RULES, OwnClock())
    unfit = await store.find()
    assert unfit is not None
    assert "no task can be added or taken: pending/" in str(unfit)
    assert await counts(store) == {"pending": 1, "held": 1, "running": 1}
    await store.close()
