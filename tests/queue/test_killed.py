"""`kill -9` before and after every call to the disk: nothing is lost, nothing is done twice."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.task import Claim, LeaseLost, QueueError, Result
from fleet_tui.queue.store import Draft
from tests.queue.folders import (
    RULES,
    Disk,
    Killed,
    OwnClock,
    added,
    claimed,
    counts,
    no_space,
    opened,
    watch_out,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from fleet_tui.queue.directory_store import FolderStore

    Act = Callable[[FolderStore], Awaitable[object]]


async def add(store: FolderStore) -> None:
    await store.add([Draft(b"Do it.", "b", b"SIG")])


async def claim(store: FolderStore) -> None:
    await claimed(store)


async def beat(store: FolderStore) -> None:
    await store.beat(await claimed(store))


async def commit(store: FolderStore) -> None:
    await store.commit(await claimed(store), Result("ok"))


async def fail(store: FolderStore) -> None:
    await store.fail(await claimed(store), Result("no"))


async def release(store: FolderStore) -> None:
    await store.release(await claimed(store), counts=True)


async def refuse(store: FolderStore) -> None:
    await store.refuse(await claimed(store), "unsigned")


async def cancel(store: FolderStore) -> None:
    await store.cancel("a")


async def cancel_running(store: FolderStore) -> None:
    await claimed(store)
    await store.cancel("a")


async def edit(store: FolderStore) -> None:
    await store.edit("a", b"Do it better.")


async def reap(store: FolderStore) -> None:
    await claimed(store)
    clock = store._reaper._watch._clock
    assert isinstance(clock, OwnClock)
    await watch_out(store, clock, RULES.lease)


STEPS: dict[Act, int] = {
    add: 10,
    claim: 3,
    beat: 4,
    commit: 11,
    fail: 11,
    release: 9,
    refuse: 11,
    cancel: 10,
    cancel_running: 13,
    edit: 8,
    reap: 9,
}
"""What is done, and how many calls to the disk it takes; asserted below, so that none is missed."""

CASES = [
    pytest.param(act, step, when, id=f"{act.__name__}-{when}-{step}")
    for act, steps in STEPS.items()
    for step in range(steps)
    for when in ("before", "after")
]
ENDS = {"done", "failed", "cancelled", "quarantined"}


@pytest.mark.parametrize("act", STEPS, ids=lambda act: act.__name__)
async def test_the_steps_are_counted(act: Act, tmp_path: Path) -> None:
    disk = Disk()
    store = await opened(tmp_path / "queue", disk=disk)
    await add_signed(store)
    disk.calls.clear()
    await act(store)
    assert len(disk.calls) == STEPS[act], disk.calls


@pytest.mark.parametrize(("act", "step", "when"), CASES)
async def test_killed_at_a_step(act: Act, step: int, when: str, tmp_path: Path) -> None:
    root, clock, disk = tmp_path / "queue", OwnClock(), Disk()
    victim = await opened(root, clock, disk=disk)
    await add_signed(victim)
    disk.calls.clear()
    if when == "before":
        disk.dies_before = step
    else:
        disk.dies_after = step
    with pytest.raises(Killed):
        await act(victim)
    await everything_ends(root, clock, 2 if act is add and is_there(root, "b") else 1)


async def add_signed(store: FolderStore) -> None:
    await store.add([Draft(b"Do it.", "a", b"SIG")])


def is_there(root: Path, name: str) -> bool:
    return (root / "pending" / f"{name}.md").exists()


async def everything_ends(root: Path, clock: OwnClock, tasks: int) -> None:
    """Another process looks after what is left, and works off what waits."""
    other = await opened(root, clock)
    await watch_out(other, clock, RULES.lease + 10)
    while (claim := await other.claim(lambda task: True, host="b")) is not None:
        await other.commit(claim, Result("by another"))
    await watch_out(other, clock, RULES.lease + 10)
    found = await counts(other)
    assert set(found) <= ENDS
    assert sum(found.values()) == tasks
    for name in ("a", "b")[:tasks]:
        ended = [one for one in await other.results(name) if one.state is not None]
        assert len(ended) == 1, ended
    assert os.listdir(root / ".tmp") == []
    unborn = [] if tasks == 2 else ["b.md.sig"]
    assert [file for file in os.listdir(root / "pending") if file not in unborn] == []
    assert os.listdir(root / "running") == []


@pytest.mark.parametrize("act", [add, commit, fail, release], ids=lambda act: act.__name__)
async def test_a_full_disk_loses_nothing(act: Act, tmp_path: Path) -> None:
    disk = Disk()
    root, clock = tmp_path / "queue", OwnClock()
    store = await opened(root, clock, disk=disk)
    await add_signed(store)
    held = await claimed(store) if act is not add else None
    disk.fails = no_space
    with pytest.raises(QueueError, match=r"No space left.*free space"):
        await (end(act, store, held) if held else add(store))
    if held is not None and act is not release:
        await store.beat(held)
    disk.fails = lambda call, path: None
    if held is None:
        await add(store)
        await everything_ends(root, clock, 2)
        return
    if act is release:
        await everything_ends(root, clock, 1)
        return
    await end(act, store, held)
    assert await counts(store) == {"done" if act is commit else "failed": 1}
    assert os.listdir(root / ".tmp") == []


async def end(act: Act, store: FolderStore, held: object) -> None:
    assert isinstance(held, Claim)
    if act is commit:
        await store.commit(held, Result("ok"))
    elif act is fail:
        await store.fail(held, Result("no"))
    else:
        await store.release(held, counts=True)


async def test_a_commit_that_had_succeeded_succeeds_again(tmp_path: Path) -> None:
    """The answer of a network mount may be lost after each step."""
    for step in range(8):
        disk = Disk()
        root = tmp_path / f"queue{step}"
        store = await opened(root, disk=disk)
        await added(store, "a")
        held = await claimed(store)
        disk.calls.clear()
        lost = [step]

        def fails(
            call: str, path: str, disk: Disk = disk, lost: list[int] = lost
        ) -> OSError | None:
            if lost and len(disk.calls) - 1 == lost[0]:
                lost.clear()
                return OSError(5, "Input/output error", path)
            return None

        disk.fails = fails
        try:
            await store.commit(held, Result("ok"))
        except QueueError:
            await store.commit(held, Result("ok"))
        assert await counts(store) == {"done": 1}
        assert [one.state for one in await store.results("a")] == ["done"]
        with pytest.raises(LeaseLost):
            await store.beat(held)
