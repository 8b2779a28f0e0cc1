"""How long until the first byte of one host's answer is there."""

from __future__ import annotations

import asyncio
import subprocess
import time
from typing import TYPE_CHECKING

from fleet_tui.model.events import OutputArrived
from tests.bench import ours, peers
from tests.bench.measure import Sample

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.events import Event
    from tests.bench.lab import Lab, Site
    from tests.bench.options import Options
    from tests.bench.report import Report

COMMAND = "echo x"
LEAST_REPS = 9
WARM_PER_REP = 3


async def run(lab: Lab, options: Options, report: Report) -> None:
    """Measure cold and warm on each server."""
    if not options.wants("first"):
        return
    for kind in options.servers:
        await _one_server(lab, lab.site(kind), options, report)


async def _one_server(lab: Lab, site: Site, options: Options, report: Report) -> None:
    name = site.names(1)
    cold: list[Sample] = []
    warm: list[Sample] = []
    ssh_cold: list[Sample] = []
    ssh_shared: list[Sample] = []
    call = peers.make_call(lab, site, name, COMMAND, is_shared=True)
    async with ours.open_fleet(ours.fleet_config(lab, site, name)) as fleet:
        await _until_first(fleet)
        with peers.masters(site, call):
            for _ in range(max(LEAST_REPS, options.reps)):
                warm += [await _until_first(fleet) for _ in range(WARM_PER_REP)]
                cold.append(await _cold(lab, site, name))
                if options.has_peers:
                    ssh_cold.append(await asyncio.to_thread(_ssh, site.config, name[0]))
                    ssh_shared.append(await asyncio.to_thread(_ssh, site.config_shared, name[0]))
    report.title(f"first byte, cold, 1 host, {site.kind}")
    report.ratios(f"first/{site.kind}/cold-ssh", cold, {"ssh": ssh_cold} if ssh_cold else {})
    report.title(f"first byte, warm, 1 host, {site.kind}")
    shared = {"ssh on ControlMaster": ssh_shared} if ssh_shared else {}
    report.ratios(f"first/{site.kind}/warm-ssh", warm, shared)
    if ssh_shared:
        ratio = _median(ssh_shared) / _median(warm)
        report.number(f"first/{site.kind}/warm", "ratio", ratio, "x")


def _median(samples: Sequence[Sample]) -> float:
    return sorted(sample.wall for sample in samples)[len(samples) // 2]


async def _cold(lab: Lab, site: Site, names: Sequence[str]) -> Sample:
    async with ours.open_fleet(ours.fleet_config(lab, site, names)) as fleet:
        return await _until_first(fleet)


async def _until_first(fleet: Fleet) -> Sample:
    """Dispatch, and note when the bus first tells of output."""
    heard: list[float] = []

    def hear(event: Event) -> None:
        if isinstance(event, OutputArrived) and not heard:
            heard.append(time.perf_counter())

    stop = fleet.bus.subscribe(hear)
    began, cpu = time.perf_counter(), time.process_time()
    runs = await ours.run(fleet, COMMAND)
    stop()
    ours.require_success(runs)
    return Sample(heard[0] - began, time.process_time() - cpu)


def _ssh(config: Path, name: str) -> Sample:
    began = time.perf_counter()
    with subprocess.Popen(
        ["ssh", "-F", str(config), name, COMMAND],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        bufsize=0,
    ) as process:
        assert process.stdout is not None
        if process.stdout.read(1) != b"x":
            raise RuntimeError("ssh gave no output")
        return Sample(time.perf_counter() - began)
