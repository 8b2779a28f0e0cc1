"""Writes millions of lines as runs do, shows them as the screen does, and weighs itself."""

from __future__ import annotations

import asyncio
import gc
import json
import random
import sys
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from textual.app import App

from fleet_tui.journal import Spool, SpoolReader, Timeline
from fleet_tui.tui.widgets.log_rows import MergedRows
from fleet_tui.tui.widgets.log_view import LogView
from tests.bench.measure import anonymous_kb
from tests.bench.pour import line

if TYPE_CHECKING:
    from textual.app import ComposeResult

RUNS = 24
BLOCK = 500
"""Lines that arrive together: about as much as one read of a socket brings."""
BLOCKS_A_TICK = 4
BEFORE = 20_000
"""Lines that are written before the first weighing, so that code and caches are in it."""
WINDOW = 40
LOOKS = 200


class _Stand(App[None]):
    """Holds the view, without a terminal."""

    def __init__(self, view: LogView) -> None:
        super().__init__()
        self.view = view

    def compose(self) -> ComposeResult:
        yield self.view


class Flood:
    """Spools and timeline of one dispatch, and the view of both."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._spools = [Spool(folder / f"run-{run}") for run in range(RUNS)]
        self._timeline = Timeline(folder / "timeline")
        readers = [SpoolReader(folder / f"run-{run}") for run in range(RUNS)]
        self.rows = MergedRows(self._timeline, readers)
        self.view = LogView(lambda at: time.strftime("%H:%M:%S", time.localtime(at)), empty="")
        self._block = "".join(f"{line(number)}\n" for number in range(BLOCK)).encode()
        self._turn = 0

    async def grow_to(self, lines: int) -> None:
        """Write until there are so many lines, showing the newest as they come."""
        while self.rows.rows < lines:
            run = self._turn % RUNS
            self._turn += 1
            spool = self._spools[run]
            before = spool.count
            for _ in range(BLOCKS_A_TICK):
                spool.append_raw("stdout", self._block, show=True)
            spool.flush()
            self._timeline.extend(run, spool.count - before, time.time())
            if self._turn % RUNS == 0:
                self._timeline.flush()
                self.view.sync(())
                await asyncio.sleep(0)

    def look_around(self) -> float:
        """Read windows all over; returns the median milliseconds of one."""
        chance = random.Random(7)
        took = []
        for _ in range(LOOKS):
            first = chance.randrange(max(1, self.rows.rows - WINDOW))
            began = time.perf_counter()
            if len(self.rows.read(first, WINDOW)) != WINDOW:
                raise RuntimeError(f"rows {first}… cannot be read")
            took.append(time.perf_counter() - began)
        return median(took) * 1e3

    def disk(self) -> int:
        """Return the bytes on disk."""
        return sum(path.stat().st_size for path in self._folder.rglob("*") if path.is_file())


async def _measure(folder: Path, steps: list[int]) -> None:
    flood = Flood(folder)
    app = _Stand(flood.view)
    async with app.run_test(size=(120, WINDOW)) as pilot:
        flood.view.show_source(flood.rows)
        await flood.grow_to(BEFORE)
        flood.look_around()
        await pilot.pause()
        gc.collect()
        before, begun, first = anonymous_kb(), time.perf_counter(), flood.rows.rows
        for step in steps:
            await flood.grow_to(step)
            took = time.perf_counter() - begun
            window = flood.look_around()
            await pilot.pause()
            gc.collect()
            answer = {
                "lines": step,
                "grown_kb": anonymous_kb() - before,
                "disk": flood.disk(),
                "rate": (flood.rows.rows - first) / took,
                "window_ms": window,
            }
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
            begun, first = time.perf_counter(), flood.rows.rows


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    asyncio.run(_measure(Path(given["folder"]), given["steps"]))
