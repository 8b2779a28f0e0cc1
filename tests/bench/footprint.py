"""What holding connections costs, and how often a dispatch waits for the disk."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from statistics import mean
from typing import TYPE_CHECKING

from tests.bench import child, peers
from tests.bench.measure import pss_kb

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.lab import Lab, Site
    from tests.bench.options import Options
    from tests.bench.report import Report

MASTERS = 8
DISPATCH = 100
_PID = re.compile(r"pid=(\d+)")
_SYNC = re.compile(r"\b(fsync|fdatasync|sync_file_range|msync|sync|syncfs)\(")


async def run(lab: Lab, options: Options, report: Report) -> None:
    """Measure memory and count syncs."""
    if options.wants("held") and options.many:
        await _held(lab, options, report)
    if options.wants("fsyncs"):
        await _fsyncs(lab, report)


async def _held(lab: Lab, options: Options, report: Report) -> None:
    site = lab.simulator("held")
    report.title(f"memory of a held connection, {options.many} connections, after a `true` on each")
    kb = await asyncio.to_thread(child.call, child.command("held", lab, site, options.many))
    report.number("held/kb", "ours", kb, "KB")
    if options.has_peers and shutil.which("ssh"):
        await asyncio.to_thread(_masters, lab, site, report)


def _masters(lab: Lab, site: Site, report: Report) -> None:
    call = peers.make_call(lab, site, site.names(MASTERS), "true", is_shared=True)
    with peers.masters(site, call):
        sizes = []
        for name in site.names(MASTERS):
            ask = ["ssh", "-F", str(site.config_shared), "-O", "check", name]
            answer = subprocess.run(ask, capture_output=True, text=True, check=True)
            match = _PID.search(answer.stderr + answer.stdout)
            assert match is not None
            sizes.append(pss_kb(match[1]))
    report.number("held/master-kb", "a ControlMaster", mean(sizes), "KB")


async def _fsyncs(lab: Lab, report: Report) -> None:
    site = lab.site("sim")
    report.title(f"waits for the disk, one warm dispatch to {DISPATCH} hosts")
    arguments = child.command("traced", lab, site, DISPATCH)
    strace = shutil.which("strace")
    if strace is None:
        report.note("skipped: the system call trace (strace is not installed)")
        counted = await asyncio.to_thread(child.call, arguments)
        report.number("fsyncs/dispatch", "counted by the log", counted, "fsyncs")
        return
    trace = lab.fresh("trace") / "calls"
    calls = "fsync,fdatasync,sync_file_range,msync,sync,syncfs,access,faccessat,faccessat2"
    head = [strace, "-f", "-qq", "-o", str(trace), "-e", f"trace={calls}"]
    counted = await asyncio.to_thread(child.call, [*head, *arguments])
    report.number("fsyncs/log", "counted by the log", counted, "fsyncs")
    report.number("fsyncs/dispatch", "system calls, SQLite's too", _between(trace), "fsyncs")


def _between(trace: Path) -> int:
    text = trace.read_text(errors="replace")
    inside = text.partition(child.BEGIN_MARK)[2].partition(child.END_MARK)[0]
    if not inside:
        raise RuntimeError("the marks are not in the trace")
    return sum(1 for line in inside.splitlines() if _SYNC.search(line))
