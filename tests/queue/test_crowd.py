"""Many workers at one folder: they spread over what waits, and keep to its priorities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.queue.directory_claims import CROWD, MISSES
from tests.queue.folders import Disk, OwnClock, added, anything, claimed, opened

if TYPE_CHECKING:
    from pathlib import Path


async def test_what_others_took_is_not_tried_one_by_one(tmp_path: Path) -> None:
    disk, clock = Disk(), OwnClock()
    slow = await opened(tmp_path / "queue", clock, disk=disk)
    quick = await opened(tmp_path / "queue", clock)
    await added(slow, *(f"task{number:03}" for number in range(100)))
    await claimed(slow)
    for _ in range(98):
        await claimed(quick)
    disk.calls.clear()
    assert (await claimed(slow)).task.name == "task099"
    assert await slow.claim(anything, host="a") is None
    assert disk.count("utime") <= MISSES + 2


async def test_stepping_aside_keeps_to_the_priority(tmp_path: Path) -> None:
    clock = OwnClock()
    one = await opened(tmp_path / "queue", clock)
    other = await opened(tmp_path / "queue", clock)
    await added(one, *(f"low{number:02}" for number in range(CROWD)))
    await added(one, "high1", "high2", "high3", text="+++\npriority = 5\n+++\nDo it.")
    taken = [(await claimed(store)).task.name for store in (one, other, one)]
    assert taken == ["high1", "high2", "high3"]


async def test_a_worker_alone_takes_the_oldest_first(tmp_path: Path) -> None:
    store = await opened(tmp_path / "queue")
    names = [f"task{number:02}" for number in range(2 * CROWD)]
    await added(store, *reversed(names))
    assert [(await claimed(store)).task.name for _ in names] == names
