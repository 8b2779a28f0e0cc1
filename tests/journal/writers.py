"""Programs that write to one log at once; run in processes of their own."""

from __future__ import annotations

import asyncio
import itertools
import os
import resource
from pathlib import Path

from fleet_tui.journal import Appender, FleetLog, LogEntry
from fleet_tui.model.errors import JournalError
from tests.journal.support import FakeClock, entry


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
