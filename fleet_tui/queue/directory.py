"""The task store in a folder of this machine, or on a network mount."""

from __future__ import annotations

import asyncio
import os
from inspect import CORO_CREATED, getcoroutinestate
from typing import TYPE_CHECKING, Any

from fleet_tui.queue.directory_local import LocalFolder
from fleet_tui.queue.directory_store import FolderStore
from fleet_tui.queue.directory_waker import FolderWaker
from fleet_tui.queue.names import DONE, FAILED, PENDING, RUNNING

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from fleet_tui.model.clock import Clock
    from fleet_tui.queue.directory_local import System
    from fleet_tui.queue.store import Rules


def directory_store(
    root: Path, rules: Rules, clock: Clock, *, system: System | None = None
) -> FolderStore:
    """Return a store in `root`; its calls to the disk are made in threads."""
    folder = LocalFolder(root, system)
    waker = FolderWaker([os.path.join(folder.root, one) for one in WATCHED])
    return FolderStore(folder, rules, clock, drive=in_thread, waker=waker)


async def in_thread(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a piece of the protocol over a LocalFolder to its end in a thread."""
    try:
        return await asyncio.to_thread(_to_its_end, work)
    except asyncio.CancelledError:
        if getcoroutinestate(work) == CORO_CREATED:  # no thread was free: it will never begin
            work.close()
        raise


def _to_its_end(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        work.send(None)
    except StopIteration as end:
        return end.value
    work.close()
    raise RuntimeError("a step on the local disk waited for something")


WATCHED = (PENDING, RUNNING, DONE, FAILED)
