"""How late the loop is while hosts flood it with small packets."""

from __future__ import annotations

import asyncio
import contextlib
from statistics import median
from typing import TYPE_CHECKING

from tests.bench import ours, stock
from tests.bench.measure import own_time, quantile, watch_lateness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.lab import Lab
    from tests.bench.options import Options
    from tests.bench.report import Report

HOSTS = 20
PACKETS = 20_000
LENGTH = len(b"line 0000000 of a small packet stream\n")


async def run(lab: Lab, options: Options, report: Report) -> None:
    """Flood ours and stock asyncssh, turn by turn, on one loop."""
    if not options.wants("lateness"):
        return
    site = lab.simulator("flood")
    command = f"flood {PACKETS}"
    report.title(f"loop lateness, {HOSTS} hosts flooding {PACKETS:,} packets of a line each")
    late: dict[str, list[list[float]]] = {"ours": [], "stock asyncssh": []}
    rates: dict[str, list[float]] = {name: [] for name in late}
    async with (
        ours.open_fleet(ours.fleet_config(lab, site, site.names(HOSTS))) as fleet,
        stock.connections(site, HOSTS if options.has_peers else 0) as held,
    ):
        await ours.timed(fleet, "true")
        for _ in range(min(5, options.reps)):
            late["ours"].append([])
            with watched(late["ours"][-1]):
                sample, runs = await ours.timed(fleet, command)
            if {run.out_bytes for run in runs} != {PACKETS * LENGTH}:
                raise RuntimeError("a flood did not arrive whole")
            rates["ours"].append(HOSTS * PACKETS / sample.wall)
            if not held:
                continue
            late["stock asyncssh"].append([])
            with watched(late["stock asyncssh"][-1]), own_time() as taken:
                sizes = await stock.count_bytes(held, command)
            if set(sizes) != {PACKETS * LENGTH}:
                raise RuntimeError("a flood did not arrive whole at stock asyncssh")
            rates["stock asyncssh"].append(HOSTS * PACKETS / taken.wall)
    report.note("each repetition has its own p50 and max; medians of those are shown")
    for name, turns in late.items():
        if not turns:
            continue
        key = "lateness" if name == "ours" else "lateness-stock"
        p50 = median(quantile(turn, 0.5) for turn in turns)
        report.number(f"{key}/p50", f"{name}, p50", p50 * 1e3, "ms")
        report.number(f"{key}/max", f"{name}, max", median(map(max, turns)) * 1e3, "ms")
        rate = median(rates[name])
        report.number(f"{key}/rate", f"{name}, packets", rate, "packets/s")


@contextlib.contextmanager
def watched(late: list[float]) -> Iterator[None]:
    """Collect lateness of the running loop inside the block."""
    task = asyncio.get_running_loop().create_task(watch_lateness(late))
    try:
        yield
    finally:
        task.cancel()
