"""Programs that write to one log at once; run in processes of their own."""

from __future__ import annotations

import asyncio
import itertools
import os
import resource
import signal
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.journal import Appender, FleetLog, LogEntry, OwnerLock, RunStore
from fleet_tui.model.errors import JournalError
from fleet_tui.model.run import Dispatch, Run
from tests.journal.support import FakeClock, entry

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def append_many(path: str, who: int, count: int, max_bytes: int, head: str) -> None:
    """Append `count` durable entries, four at a time."""

    async def work() -> None:
        log = FleetLog(Path(path), clock=FakeClock(), max_bytes=max_bytes, head=Path(head))
        for first in range(0, count, 4):
            await asyncio.gather(
                *(
                    log.append([LogEntry("claim", {"who": who, "i": i})], durable=True)
                    for i in range(first, first + 4)
                )
            )
        log.close()

    asyncio.run(work())


def append_forever(path: str, acknowledged: str) -> None:
    """Append until killed; each durable entry is told to `acknowledged` (a FIFO) afterwards."""
    told = os.open(acknowledged, os.O_WRONLY)

    async def work() -> None:
        log = FleetLog(Path(path), clock=FakeClock())
        for i in itertools.count():
            await log.append([LogEntry("claim", {"i": i, "msg": "x" * 300})], durable=True)
            os.write(told, b"%d\n" % i)

    asyncio.run(work())


def append_to_a_full_disk(path: str, told: str) -> None:
    """Append with room, then with room for half a line, then with room again."""
    appender = Appender(Path(path), clock=FakeClock())
    appender.append([entry(1)], durable=True)
    room = Path(path).stat().st_size + 50
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
    try:
        appender.append([entry(2)], durable=True)
    except JournalError as error:
        problem = str(error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    appender.append([entry(3)], durable=True)
    appender.close()
    Path(told).write_text(problem)


def _add(store: RunStore, name: str) -> None:
    parent = Dispatch(f"d-{name}", "all", "hello", "shell", "read", "operator", "me@desk", 1, 1.0)
    runs = [Run(f"r-{name}-{host}", parent.id, host, "shell", "read") for host in ("a", "b")]
    store.add_dispatch(parent, runs, "o-1")
    store.finish_runs([(replace(run, state="succeeded"), "done") for run in runs])


def add_dispatches(data_dir: str, who: int, count: int) -> None:
    """Add `count` dispatches of two runs and finish them."""
    store = RunStore(Path(data_dir))
    for i in range(count):
        _add(store, f"{who}-{i}")
    store.close()


def add_dispatches_forever(data_dir: str, acknowledged: str) -> None:
    """Add dispatches until killed; each is told to `acknowledged` (a FIFO) afterwards."""
    told = os.open(acknowledged, os.O_WRONLY)
    store = RunStore(Path(data_dir))
    for i in itertools.count():
        _add(store, str(i))
        os.write(told, b"%d\n" % i)


def hold_owner(data_dir: str, told: Connection) -> None:
    """Sign in as a running program, tell the id, and live until killed."""
    owner = OwnerLock.acquire(Path(data_dir))
    told.send(owner.id)
    signal.pause()


def leave_open(data_dir: str, log: str, count: int, told: Connection) -> None:
    """Sign in, begin `count` runs in store and log, end the first, and live until killed."""
    owner = OwnerLock.acquire(Path(data_dir))
    store = RunStore(Path(data_dir))
    appender = Appender(Path(log), clock=FakeClock())
    parent = Dispatch("d-1", "all", "hello", "claude", "read", "operator", "me@desk", 1, 1.0)
    runs = [Run(f"r-{i}", "d-1", f"web{i}", "claude", "read") for i in range(count)]
    store.add_dispatch(parent, runs, owner.id)
    appender.append([entry(i) for i in range(count)], durable=True)
    store.finish_runs([(replace(runs[0], state="succeeded", outcome="ok", finished_at=5.0), "")])
    told.send(owner.id)
    signal.pause()
