"""A megabyte of short lines from each host, into spools that are read back and compared."""

from __future__ import annotations

import asyncio
from statistics import median
from typing import TYPE_CHECKING

from fleet_tui.journal import SpoolReader
from tests.bench import ours, peers, stock
from tests.bench.measure import Sample, own_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    import asyncssh

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.run import Run
    from tests.bench.lab import Lab, Site
    from tests.bench.options import Options
    from tests.bench.peers import Peer
    from tests.bench.report import Report

HOSTS = 10
LINES = 100_000
LENGTH = 10
TOO_SLOW = 5.0
"""Seconds; a peer that takes longer is measured once, or it would be all the bench did."""


def _text() -> bytes:
    """Return what the simulator's `gen LINES LENGTH` sends."""
    return b"".join(b"%07d %s\n" % (number, b"x" * (LENGTH - 9)) for number in range(LINES))


def _command(lab: Lab, site: Site, text: bytes) -> str:
    if site.kind == "sim":
        return f"gen {LINES} {LENGTH}"
    path = lab.fresh("lines") / "lines.txt"
    path.write_bytes(text)
    return f"cat {path}"


async def run(lab: Lab, options: Options, others: Sequence[Peer], report: Report) -> None:
    """Measure output from each server."""
    if not options.wants("output"):
        return
    text = _text()
    for kind in options.servers:
        await _one_server(lab, lab.site(kind), text, others, options, report)


async def _one_server(
    lab: Lab, site: Site, text: bytes, others: Sequence[Peer], options: Options, report: Report
) -> None:
    size = f"{HOSTS} hosts x {LINES:,} lines of {LENGTH} bytes"
    report.title(f"output, {size}, {site.kind} (ours and asyncssh warm, the others cold)")
    command = _command(lab, site, text)
    names = site.names(HOSTS)
    total = HOSTS * LINES
    own: list[Sample] = []
    theirs: dict[str, list[Sample]] = {"asyncssh async-for-line": []}
    async with (
        ours.open_fleet(ours.fleet_config(lab, site, names)) as fleet,
        stock.connections(site, HOSTS) as held,
    ):
        await ours.timed(fleet, "true")
        _verify(fleet, (await ours.timed(fleet, command))[1], text)
        for _ in range(options.reps):
            sample, runs = await ours.timed(fleet, command)
            own.append(sample)
            _verify(fleet, runs, text)
            if options.has_peers:
                theirs["asyncssh async-for-line"].append(await _stock(held, command))
            for peer in others:
                done = theirs.setdefault(peer.name, [])
                if done and done[0].wall > TOO_SLOW:
                    continue
                call = peers.make_call(lab, site, names, command)
                done.append(await asyncio.to_thread(peers.run_peer, peer, call, lines=total))
    report.ratios(f"output/{site.kind}", own, {name: got for name, got in theirs.items() if got})
    rate = total / median(sample.wall for sample in own)
    report.number(f"output/{site.kind}/lines", "lines into the spool", rate, "lines/s")


async def _stock(held: Sequence[asyncssh.SSHClientConnection], command: str) -> Sample:
    with own_time() as sample:
        counts = await stock.count_lines(held, command)
    if set(counts) != {LINES}:
        raise RuntimeError(f"asyncssh gave {sorted(set(counts))} lines instead of {LINES}")
    return sample


def _verify(fleet: Fleet, runs: Sequence[Run], text: bytes) -> None:
    """Raise unless each spool holds exactly the bytes sent, and its view every line in order."""
    for run in runs:
        folder = fleet.data_dir / "runs" / run.id
        raw = (folder / "out").read_bytes()
        if raw != text:
            raise RuntimeError(f"{run.host}: {len(raw)} raw bytes differ from the {len(text)} sent")
        view = SpoolReader(folder)
        if view.count != LINES:
            raise RuntimeError(f"{run.host}: {view.count} lines in the view instead of {LINES}")
        for first in (0, LINES // 2, LINES - 100):
            shown = "".join(f"{line.text}\n" for line in view.read(first, 100)).encode()
            if shown != text[first * LENGTH : (first + 100) * LENGTH]:
                raise RuntimeError(f"{run.host}: lines {first}… of the view are not those sent")
