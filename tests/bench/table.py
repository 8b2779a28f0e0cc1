"""Processor time of a large table whose cells change all the time, in a real terminal."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.terminal import open_terminal

if TYPE_CHECKING:
    from tests.bench.lab import Lab
    from tests.bench.options import Options
    from tests.bench.report import Report

HOSTS, CHANGES = 1_000, 1_000
SECONDS = 8.0
STARTS_WITHIN = 60.0
ROOT = str(Path(__file__).resolve().parents[2])


def run(lab: Lab, options: Options, report: Report) -> None:
    """Measure ours, then DataTable fed in its two ways."""
    report.title(f"a table of {HOSTS:,} hosts, {CHANGES:,} changes a second, 120x40")
    ways = {"ours": ""}
    if options.has_peers:
        ways |= {"DataTable, each": "each", "DataTable, at 10 Hz": "coalesced"}
    for name, widget in ways.items():
        folder = lab.fresh("table")
        answer = folder / "answer.json"
        task = {
            "answer": str(answer),
            "hosts": HOSTS,
            "changes": CHANGES,
            "seconds": SECONDS,
            "widget": widget,
        }
        arguments = [sys.executable, "-m", "tests.bench.stage_table", json.dumps(task)]
        with open_terminal(arguments, {"HOME": str(folder)}, ROOT) as terminal:
            terminal.read_until(answer.exists, STARTS_WITHIN + SECONDS)
        share = json.loads(answer.read_text())["cpu_percent"]
        report.number(f"table/{widget or 'ours'}", name, share, "% of a core")
