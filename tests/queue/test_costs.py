"""What a task costs in calls to the disk: a count, so that no busy machine changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench.queue import counts

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_task_costs_so_many_calls(tmp_path: Path) -> None:
    assert await counts(tmp_path / "queue") == {
        "fsync": 5,
        "rename": 2,
        "link": 2,
        "create": 2,
        "unlink": 2,
    }
