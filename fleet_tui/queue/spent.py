"""What a queue remembers of the signed tasks that were taken from it, for workers of all machines.

The ledger of a machine knows what was taken there; a copy of a signed task that another machine
would take is known by these marks: `signed-<id>` holds the name and the text it was taken with,
`spent-<id>` says that it was done. Ids are hashed: they come from the task.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet_tui.queue.store import TaskStore

SIGNED, SPENT = "signed-", "spent-"


async def accept(store: TaskStore, identifier: str, name: str, digest: str) -> str:
    """Note that a signed task is carried out as `name`; returns why it must not be, else empty.

    Another attempt of the same task may. Raises QueueError.
    """
    key = _key(identifier)
    if await store.mark(f"{SPENT}{key}") is not None:
        return "a task with its id was done before"
    mine = {"name": name, "sha256": digest}
    if await store.put_mark(f"{SIGNED}{key}", json.dumps(mine).encode()):
        return ""
    if _read(await store.mark(f"{SIGNED}{key}")) == mine:
        return ""
    return "a task with its id was taken before, by a worker of this queue"


async def spend(store: TaskStore, identifier: str) -> None:
    """Never accept this id again: its task is done. Raises QueueError."""
    await store.put_mark(f"{SPENT}{_key(identifier)}", b"{}")


async def copy(source: TaskStore, target: TaskStore) -> int:
    """Let another queue know what this one does; returns how many marks. Raises QueueError."""
    names = [name for name in await source.marks() if name.startswith((SIGNED, SPENT))]
    for name in names:
        data = await source.mark(name)
        if data is not None:
            await target.put_mark(name, data)
    return len(names)


def _key(identifier: str) -> str:
    return sha256(identifier.encode()).hexdigest()[:40]


def _read(data: bytes | None) -> object:
    try:
        return json.loads(data or b"")
    except ValueError:
        return None
