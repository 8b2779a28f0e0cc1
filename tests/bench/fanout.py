"""`true` on many hosts: with nothing connected, and with everything connected."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from tests.bench import ours, peers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.fleet import Fleet
    from tests.bench.lab import Lab, Site
    from tests.bench.measure import Sample
    from tests.bench.options import Options
    from tests.bench.peers import Peer
    from tests.bench.report import Report

COMMAND = "true"
WARM_PER_REP = 3
"""Our warm repeats in one repetition: a dozen milliseconds each need more of them."""


async def cold(
    lab: Lab, site: Site, names: Sequence[str], others: Sequence[Peer], reps: int, report: Report
) -> None:
    """Connect, log in and run, each time with a fleet that has just been opened."""
    report.title(f"cold `true`, {len(names)} hosts, {site.kind}")
    own: list[Sample] = []
    theirs: dict[str, list[Sample]] = {peer.name: [] for peer in others}
    await _cold_once(lab, site, names[:2])
    for _ in range(reps):
        own.append(await _cold_once(lab, site, names))
        for peer in others:
            call = peers.make_call(lab, site, names, COMMAND)
            theirs[peer.name].append(await asyncio.to_thread(peers.run_peer, peer, call))
    report.ratios(f"cold/{len(names)}/{site.kind}", own, theirs)


async def _cold_once(lab: Lab, site: Site, names: Sequence[str]) -> Sample:
    async with ours.open_fleet(ours.fleet_config(lab, site, names)) as fleet:
        sample, runs = await ours.timed(fleet, COMMAND)
        if len(runs) != len(names):
            raise RuntimeError(f"{len(runs)} runs for {len(names)} hosts")
        return sample


async def warm(
    lab: Lab, site: Site, names: Sequence[str], others: Sequence[Peer], reps: int, report: Report
) -> None:
    """Run on connections that are open; the peers go through ControlMaster sockets."""
    report.title(f"warm `true`, {len(names)} hosts, {site.kind} (peers on ControlMaster)")
    report.note("the CPU of the ControlMaster processes themselves is not in the peers' figures")
    own: list[Sample] = []
    theirs: dict[str, list[Sample]] = {peer.name: [] for peer in others}
    call = peers.make_call(lab, site, names, COMMAND, is_shared=True)
    held = peers.masters(site, call) if others else contextlib.nullcontext()
    async with ours.open_fleet(ours.fleet_config(lab, site, names)) as fleet:
        await _repeat(fleet, 2)
        with held:
            for _ in range(reps):
                own += await _repeat(fleet, WARM_PER_REP)
                for peer in others:
                    again = peers.make_call(lab, site, names, COMMAND, is_shared=True)
                    theirs[peer.name].append(await asyncio.to_thread(peers.run_peer, peer, again))
    report.ratios(f"warm/{len(names)}/{site.kind}", own, theirs)


async def _repeat(fleet: Fleet, times: int) -> list[Sample]:
    return [(await ours.timed(fleet, COMMAND))[0] for _ in range(times)]


async def run(lab: Lab, options: Options, others: Sequence[Peer], report: Report) -> None:
    """Run the fan-outs that were asked for."""
    for kind in options.servers:
        site = lab.site(kind)
        for count in options.hosts:
            if options.wants("cold"):
                await cold(lab, site, site.names(count), others, options.reps, report)
            if options.wants("warm"):
                await warm(lab, site, site.names(count), others, options.reps, report)
    if options.wants("many") and options.many and "sim" in options.servers:
        site = lab.site("sim")
        few = min(2, options.reps)
        clush_and_pdsh = [peer for peer in others if peer.name in ("clush", "pdsh", "xargs ssh")]
        await cold(lab, site, site.names(options.many), clush_and_pdsh, few, report)
