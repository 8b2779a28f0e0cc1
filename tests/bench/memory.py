"""The part `memory`: how much a process grows while millions of lines go into spools."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.bench.lab import Lab
    from tests.bench.options import Options
    from tests.bench.report import Report

PEERS = {"Log": 1_000_000, "RichLog": 100_000}
"""Lines that each is given: what it needs for ten million is told, not tried."""
ROOT = Path(__file__).resolve().parents[2]


def run(lab: Lab, options: Options, report: Report) -> None:
    """Measure growth at a million lines and at all of them."""
    steps = sorted({min(1_000_000, options.lines), options.lines})
    report.title(f"memory for {options.lines:,} lines of 115 bytes: 24 spools, timeline, log view")
    given = json.dumps({"folder": str(lab.fresh("memory")), "steps": steps})
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.memory_child", given],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=True,
    )
    for answer in map(json.loads, done.stdout.splitlines()):
        lines = answer["lines"]
        report.number(f"memory/{lines}", f"{lines:,} lines", answer["grown_kb"] / 1024, "MB")
        report.number(f"memory/{lines}/disk", "  on disk", answer["disk"] / 2**20, "MB")
        report.number(f"memory/{lines}/rate", "  lines into it", answer["rate"], "lines/s")
        report.number(f"memory/{lines}/read", "  a window anywhere", answer["window_ms"], "ms")
    for widget, lines in PEERS.items() if options.has_peers else ():
        grown = _weighed(widget, lines)
        report.number(f"memory/{widget}/{lines}", f"{widget}, {lines:,} lines", grown, "MB")
        whole = grown * options.lines / lines
        report.number(f"memory/{widget}", f"  so for {options.lines:,}", whole, "MB")


def _weighed(widget: str, lines: int) -> float:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.memory_peers", widget, str(lines)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        check=True,
    )
    return float(json.loads(done.stdout))
