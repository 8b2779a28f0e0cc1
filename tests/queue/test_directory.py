"""The folder on a local disk."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from inspect import CORO_CLOSED, getcoroutinestate
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.task import Beat
from fleet_tui.queue.directory import in_thread
from tests.queue.contract import StoreContract
from tests.queue.folders import Disk, opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fleet_tui.queue.store import TaskStore


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[TaskStore]:
    store = await opened(tmp_path / "queue")
    yield store
    await store.close()


class TestDirectory(StoreContract):
    """Every promise, on a local disk."""


async def test_a_heartbeat_that_is_being_written_does_not_come_after_its_end(
    tmp_path: Path,
) -> None:
    begun, gate = threading.Event(), threading.Event()

    def hold(call: str, path: str) -> None:
        if call == "rename" and "/.heartbeats/" in path:
            begun.set()
            assert gate.wait(60)

    store = await opened(tmp_path / "queue", disk=Disk(fails=hold))
    life = asyncio.create_task(store.show_life(Beat("nas1", "1")))
    assert await asyncio.to_thread(begun.wait, 60)
    life.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not life.done()
    gate.set()
    await asyncio.wait([life])
    await store.end_life("nas1")
    assert await store.heartbeats() == []
    await store.close()


async def test_a_step_that_no_thread_was_free_for_is_given_up_whole() -> None:
    async def step() -> None:
        raise AssertionError("it began after it was given up")

    gate = threading.Event()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(1))
    busy = loop.run_in_executor(None, gate.wait)
    work = step()
    waiting = asyncio.create_task(in_thread(work))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert getcoroutinestate(work) == CORO_CLOSED
    gate.set()
    await busy
