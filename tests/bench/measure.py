"""Taking the time: wall clock and CPU, of this process or of its children."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LATENESS_STEP = 0.004
"""Seconds between two looks at how late the loop is."""


@dataclass(slots=True)
class Sample:
    """One measurement, in seconds."""

    wall: float = 0.0
    cpu: float = 0.0


@contextlib.contextmanager
def own_time() -> Iterator[Sample]:
    """Measure what this process, with all its threads, does inside the block."""
    sample = Sample()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield sample
    finally:
        sample.wall, sample.cpu = time.perf_counter() - wall, time.process_time() - cpu


@contextlib.contextmanager
def child_time() -> Iterator[Sample]:
    """Measure children that are started and waited for inside the block, and theirs."""
    sample = Sample()
    wall, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        yield sample
    finally:
        sample.wall = time.perf_counter() - wall
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        sample.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def middle(samples: Sequence[Sample]) -> Sample:
    """Return the medians, wall and CPU each for itself."""
    return Sample(median(s.wall for s in samples), median(s.cpu for s in samples))


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of them lie; NaN of nothing."""
    if not values:
        return float("nan")
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def watch_lateness(late: list[float], step: float = LATENESS_STEP) -> None:
    """Note in `late` by how many seconds each wake-up of this loop is late, until cancelled."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(step)
        late.append(time.perf_counter() - began - step)


def pss_kb(pid: int | str = "self") -> int:
    """Return the proportional memory of a process in KB (proc(5), smaps_rollup)."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise RuntimeError(f"no Pss of {pid}")


def anonymous_kb(pid: int | str = "self") -> int:
    """Return the resident memory of a process that is no file's, in KB (proc(5), status)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    raise RuntimeError(f"no RssAnon of {pid}")
