"""A queue moves from one store to another, also when that is cut short anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.task import QueueError, Result
from fleet_tui.queue import spent
from fleet_tui.queue.directory import directory_store
from fleet_tui.queue.migrate import migrate
from fleet_tui.queue.nats_store import NatsStore
from fleet_tui.queue.pause import pause, pause_of
from fleet_tui.queue.store import Draft
from tests.queue.folders import (
    RULES,
    Disk,
    Killed,
    OwnClock,
    added,
    anything,
    claimed,
    counts,
    no_space,
    opened,
    watch_out,
)
from tests.support.nats import NatsServer

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.queue.directory_store import FolderStore
    from fleet_tui.queue.store import TaskStore


async def filled(root: Path, disk: Disk | None = None) -> FolderStore:
    """One task in each state."""
    store = await opened(root, disk=disk)
    for name, text in (("done", "d"), ("failed", "f"), ("running", "r")):
        await added(store, name, text=text)
        claim = await claimed(store)
        if name == "done":
            await store.commit(claim, Result("It is done.", outcome="ok", cost_usd=0.5))
        elif name == "failed":
            await store.fail(claim, Result("", reason="no"))
    await added(store, "held", "cancelled", text="h")
    await store.hold("held")
    await store.cancel("cancelled", reason="not needed")
    await store.add([Draft(b'+++\ndepends_on = ["done"]\n+++\nx', "waiting", b"SIG")])
    await store.set_priority("waiting", 7)
    return store


async def is_moved(source: TaskStore, target: TaskStore) -> None:
    assert await counts(target) == {
        "pending": 1,
        "held": 1,
        "done": 1,
        "failed": 1,
        "cancelled": 1,
    }
    assert await counts(source) == {"running": 1, "done": 1, "failed": 1, "cancelled": 3}
    entries = {one.name: one for one in (await target.listing()).entries}
    assert (entries["waiting"].priority, entries["waiting"].is_signed) == (7, True)
    assert (entries["failed"].reason, entries["cancelled"].reason) == ("no", "not needed")
    (end,) = await target.results("done")
    assert (end.state, end.result.text, end.result.cost_usd) == ("done", "It is done.", 0.5)
    claim = await claimed(target)
    assert (claim.task.name, claim.task.signature) == ("waiting", b"SIG")
    await target.commit(claim, Result("ok"))
    assert await target.claim(anything, host="a") is None


async def test_from_folder_to_folder(tmp_path: Path) -> None:
    source, target = await filled(tmp_path / "one"), await opened(tmp_path / "other")
    done = await migrate(source, target, tmp_path / "journal")
    assert (sorted(done.moved), sorted(done.copied)) == (
        ["held", "waiting"],
        ["cancelled", "done", "failed"],
    )
    assert list(done.left) == ["running"]
    assert not (tmp_path / "journal").exists()
    await is_moved(source, target)


async def test_from_folder_to_nats_and_back(tmp_path: Path) -> None:
    with NatsServer(tmp_path) as server:
        source = await filled(tmp_path / "one")
        target = NatsStore(server.url, RULES, OwnClock())
        await target.open()
        await migrate(source, target, tmp_path / "journal")
        back = await opened(tmp_path / "back")
        await migrate(target, back, tmp_path / "journal")
        assert await counts(target) == {"done": 1, "failed": 1, "cancelled": 3}
        assert (await back.read("waiting")).signature == b"SIG"
        assert await counts(back) == {
            "pending": 1,
            "held": 1,
            "done": 1,
            "failed": 1,
            "cancelled": 1,
        }
        await target.close()


@pytest.mark.parametrize("where", ["source", "target"])
async def test_cut_short_at_every_step(where: str, tmp_path: Path) -> None:
    step = 0
    while True:
        root, clock = tmp_path / f"{where}{step}", OwnClock()
        disks = {"source": Disk(), "target": Disk()}
        source = await filled(root / "one", disks["source"])
        target = await opened(root / "other", disk=disks["target"])
        disks[where].calls.clear()
        disks[where].dies_before = step
        try:
            await migrate(source, target, root / "journal")
        except Killed:
            step += 1
        else:
            break
        source, target = await opened(root / "one", clock), await opened(root / "other")
        await migrate(source, target, root / "journal")
        await watch_out(source, clock, RULES.lease)  # the task that ran is pending again
        await migrate(source, target, root / "journal")
        assert await counts(source) == {"done": 1, "failed": 1, "cancelled": 4}
        found = await counts(target)
        assert found == {"pending": 2, "held": 1, "done": 1, "failed": 1, "cancelled": 1}
    assert step > 15


async def test_what_was_signed_and_taken_is_known_at_the_target(tmp_path: Path) -> None:
    clock = OwnClock()
    source, target = (directory_store(tmp_path / name, RULES, clock) for name in ("a", "b"))
    await source.open()
    await target.open()
    assert await spent.accept(source, "id-1", "one", "d1") == ""
    await spent.spend(source, "id-1")
    await pause(source, "me", "now")
    await migrate(source, target, tmp_path / "journal")
    assert "done before" in await spent.accept(target, "id-1", "one", "d1")
    assert await pause_of(target) is None


async def test_a_name_that_is_taken_stays(tmp_path: Path) -> None:
    source, target = await opened(tmp_path / "one"), await opened(tmp_path / "other")
    await added(source, "a", text="mine")
    await added(target, "a", text="theirs")
    done = await migrate(source, target, tmp_path / "journal")
    assert "another task is called so" in done.left["a"]
    assert await counts(source) == {"pending": 1}


async def test_a_full_disk_leaves_it_at_the_source(tmp_path: Path) -> None:
    disk = Disk()
    source, target = await opened(tmp_path / "one"), await opened(tmp_path / "other", disk=disk)
    await added(source, "a")
    disk.fails = no_space
    with pytest.raises(QueueError, match="free space"):
        await migrate(source, target, tmp_path / "journal")
    disk.fails = lambda call, path: None
    assert (await migrate(source, target, tmp_path / "journal")).moved == ["a"]
    assert await counts(target) == {"pending": 1}
