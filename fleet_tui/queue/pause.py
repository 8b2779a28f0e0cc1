"""The order that all workers of a queue take nothing: a mark on the queue itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from fleet_tui.queue.store import TaskStore

PAUSED = "paused"
"""The mark's name."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Who paused the queue, and since when as their clock said, in ISO form."""

    by: str = ""
    since: str = ""


async def pause(store: TaskStore, by: str, since: str) -> bool:
    """Pause the queue for everybody; False when it was. Raises QueueError."""
    return await store.put_mark(PAUSED, json.dumps({"by": by, "since": since}).encode())


async def resume(store: TaskStore) -> None:
    """Let all workers go on; raises QueueError."""
    await store.remove_mark(PAUSED)


async def pause_of(store: TaskStore) -> Pause | None:
    """Return the pause that is in force, None without one; raises QueueError."""
    data = await store.mark(PAUSED)
    if data is None:
        return None
    try:
        told = json.loads(data)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        return Pause()  # whatever it says, it is there
    return Pause(one_line(str(told.get("by", "")), 80), one_line(str(told.get("since", "")), 40))
