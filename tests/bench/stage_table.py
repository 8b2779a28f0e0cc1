"""A table of hosts on stage while its cells change: ours, or Textual's DataTable."""

from __future__ import annotations

import json
import os
import random
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual.app import App
from textual.widgets import DataTable, Footer

from fleet_tui.model.host import Host
from fleet_tui.tui.app import FleetApp
from tests.bench.stage import SETTLE
from tests.tui.fake_control import FakeControl

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

TICK = 0.05
COLUMNS = ("host", "state", "role", "rtt", "agent", "run", "cost", "seen")


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be shown, and for how long to measure."""

    answer: Path
    hosts: int
    changes: int
    """Changed cells a second."""
    seconds: float
    widget: str = ""
    """`each` applies every change to a DataTable at once, `coalesced` ten times a second."""


def measure(task: Task) -> None:
    """Weigh the processor time of this process after SETTLE, tell it, and end the process."""

    def weigh() -> None:
        wall, cpu = time.monotonic(), time.process_time()
        threading.Event().wait(task.seconds)
        share = (time.process_time() - cpu) / (time.monotonic() - wall)
        part = task.answer.with_suffix(".part")
        part.write_text(json.dumps({"cpu_percent": 100 * share}))
        part.rename(task.answer)
        os._exit(0)

    timer = threading.Timer(SETTLE, weigh)
    timer.daemon = True
    timer.start()


class Ours:
    """The first screen on a core in memory; latencies change."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._names = [f"node{number:04}" for number in range(task.hosts)]
        self._control = FakeControl([Host(name) for name in self._names])
        self._control.set_fleet()
        for name in self._names:
            self._control.host_up(name)
        self._chance = random.Random(1)
        self._app = FleetApp(self._control, on_ready=self._begin)

    def run(self) -> None:
        """Show it until the time is up."""
        self._app.run()

    def _begin(self) -> None:
        self._app.set_interval(TICK, self._change)
        measure(self._task)

    def _change(self) -> None:
        control, chance = self._control, self._chance
        for _ in range(int(self._task.changes * TICK)):
            view = control.hosts[chance.choice(self._names)]
            link = replace(view.link, latency_seconds=chance.random())
            control.set_host(replace(view, link=link))


class Theirs(App[None]):
    """A DataTable of as many rows and columns."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self._given = task
        self._table: DataTable[str] = DataTable()
        self._chance = random.Random(1)
        self._waiting: dict[tuple[str, str], str] = {}

    def compose(self) -> ComposeResult:
        """Yield the table."""
        yield self._table
        yield Footer()

    def on_ready(self) -> None:
        """Fill it and begin."""
        for title in COLUMNS:
            self._table.add_column(title, key=title)
        for number in range(self._given.hosts):
            cells = (f"node{number:04}", "● up · heard 2s ago", "worker", "12ms", "claude 2.1")
            self._table.add_row(*cells, "", "$0.01", "2s", key=f"node{number:04}")
        self.set_interval(TICK, self._change)
        if self._given.widget == "coalesced":
            self.set_interval(0.1, self._apply)
        measure(self._given)

    def _change(self) -> None:
        for _ in range(int(self._given.changes * TICK)):
            row = f"node{self._chance.randrange(self._given.hosts):04}"
            self._waiting[row, "rtt"] = f"{self._chance.randrange(1000)}ms"
            if self._given.widget == "each":
                self._apply()

    def _apply(self) -> None:
        for (row, column), value in self._waiting.items():
            self._table.update_cell(row, column, value)
        self._waiting.clear()


def main() -> None:
    """Show what the command line says."""
    given = json.loads(sys.argv[1])
    task = Task(**{**given, "answer": Path(given["answer"])})
    show: Callable[[], object] = Theirs(task).run if task.widget else Ours(task).run
    show()


if __name__ == "__main__":
    main()
