"""`python -m tests.faults queue`: kill and stall workers, then account for every task.

Each task must be done or dead exactly once, by the last owner it had.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.clock import SystemClock
from fleet_tui.queue.store import Draft
from tests.faults.queue_sites import BACKENDS, Site, settle, site_in
from tests.faults.queue_worker import Trial
from tests.support.parts import require

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
LOOK_SECONDS = 0.2
"""Between two looks at how far the workers are."""
SHELL_LOOP = """
HOST=$1; cd "$2"
while :; do
  for task in pending/*.md; do
    [ -e "$task" ] || continue
    name=$(basename "$task"); claim=running/$name.host-$HOST
    mv -n "$task" "$claim" 2>/dev/null && [ -e "$claim" ] || continue
    sleep 0.05; cat < "$claim" > "$claim.result"
    mv "$claim" "done/$name"
    mv "$claim.result" done/
  done
  echo "$(date) $HOST alive" > .heartbeats/$HOST
  sleep 0.2
done
"""
"""The plain shell worker of the field, with `cat` for the agent and less sleep."""


@dataclass(frozen=True)
class Account:
    """What became of the tasks."""

    enqueued: int
    done: int
    dead: int
    runs: int
    by_shell: int
    refused: int
    """Commits of owners who had lost the task."""
    double: int
    stale: int
    kills: int
    restarts: int
    seconds: float

    @property
    def holds(self) -> bool:
        """True when nothing was lost, doubled or done by a stale owner."""
        return self.enqueued == self.done + self.dead and not self.double and not self.stale

    def __str__(self) -> str:
        verdict = "as promised" if self.holds else "BROKEN"
        return (
            f"enqueued {self.enqueued} = done {self.done} + dead {self.dead}; "
            f"double commits {self.double}; stale-owner commits {self.stale}; "
            f"runs {self.runs}, {self.by_shell} by shell workers, {self.refused} commits refused, "
            f"{self.kills} processes killed, {self.restarts} restarts of the server, "
            f"{self.seconds:.1f} s, load {os.getloadavg()[0]:.1f}: {verdict}"
        )


async def play(
    folder: Path,
    backend: str,
    *,
    tasks: int,
    workers: int,
    shell_workers: int = 0,
    restarts: int = 0,
    lease: float = 1.0,
    seed: int = 0,
    limit: float = 1800.0,
) -> Account:
    """Run one trial and account for it."""
    log = folder / "log"
    log.mkdir()
    chance = random.Random(seed)
    with site_in(folder, backend) as (site, restart):
        async with site.store(SystemClock(), lease, 6) as store:
            for start in range(0, tasks, 500):
                many = range(start, min(tasks, start + 500))
                await store.add([Draft(f"task {number}".encode()) for number in many])
            await settle(lease * 1.5)
        trial = Trial(backend, site.place, str(log), lease, 6, stalls=0.03, deaths=0.005)
        began = time.monotonic()
        crew = Crew(trial, folder / "queue", tasks, workers, shell_workers, chance)
        breaks = Breaks(restart, [tasks * (n + 1) // (restarts + 1) for n in range(restarts)])
        kills = await crew.work_off(breaks, began + limit)
        seconds = time.monotonic() - began
        return await _account(site, trial, tasks, (kills, breaks.done), seconds)


@dataclass
class Breaks:
    """When the server is to be broken and brought back: after so many commits each time."""

    restart: Callable[[], None]
    due: list[int]
    done: int = 0

    async def play(self, commits: int) -> None:
        """Break it if it is time."""
        if self.due and commits >= self.due[0]:
            del self.due[0]
            await asyncio.to_thread(self.restart)
            self.done += 1


class Crew:
    """Worker processes; whoever dies is replaced."""

    def __init__(
        self,
        trial: Trial,
        queue: Path,
        tasks: int,
        workers: int,
        shells: int,
        chance: random.Random,
    ) -> None:
        self._trial = trial
        self._queue = queue
        self._numbers = range(workers)
        self._shells = range(shells)
        self._chance = chance
        self._kills_left = min(workers * 8, tasks // 10)
        """Beside those who die by themselves; so that the last ones come to an end."""
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    async def work_off(self, breaks: Breaks, ends_at: float) -> int:
        """Return how many were killed until the queue was empty; the first one in its midst."""
        kills = commits = 0
        finished: set[str] = set()
        next_look = 0.0
        next_kill: float | None = None
        try:
            while len(finished) < len(self._numbers):
                assert time.monotonic() < ends_at, "the trial does not end"
                self._start(finished)
                await asyncio.sleep(0.02)
                for key, process in list(self._running.items()):
                    code = process.poll()
                    if code is None:
                        continue
                    del self._running[key]
                    kills += code < 0
                    assert code in (0, -9), f"{key} ended with {code}"
                    if code == 0:
                        finished.add(key)
                now = time.monotonic()
                if now > next_look:
                    next_look = now + LOOK_SECONDS
                    commits = _commits(Path(self._trial.log))
                    await breaks.play(commits)
                is_due = now > next_kill if next_kill is not None else commits > 0
                if is_due and self._kills_left and self._running:
                    self._kills_left -= 1
                    self._running[self._chance.choice(sorted(self._running))].kill()
                    next_kill = now + self._chance.uniform(0.4, 1.2)
        finally:
            for process in self._running.values():
                process.kill()
                process.wait()
        return kills

    def _start(self, finished: set[str]) -> None:
        for number in self._numbers:
            if f"w{number}" not in finished | self._running.keys():
                command = [sys.executable, "-m", "tests.faults.queue_worker"]
                self._running[f"w{number}"] = subprocess.Popen(
                    [*command, self._trial.to_json(), str(number)], cwd=ROOT
                )
        for number in self._shells:
            if f"s{number}" not in self._running:
                self._running[f"s{number}"] = subprocess.Popen(
                    [require("dash"), "-c", SHELL_LOOP, "worker", f"sh{number}", str(self._queue)],
                    stderr=subprocess.DEVNULL,
                )


async def _account(
    site: Site, trial: Trial, tasks: int, broken: tuple[int, int], seconds: float
) -> Account:
    runs, commits, refused = _logged(Path(trial.log))
    double = sum(number > 1 for number in commits.values())
    stale = shell = 0
    async with site.store(SystemClock(), trial.lease, trial.max_attempts) as store:
        for _ in range(4):  # completes what the last killed worker had cut short
            await store.reap()
            await asyncio.sleep(trial.lease / 2)
        listing = await store.listing(["done", "failed"], limit=tasks * 2)
        ended: dict[str, int] = defaultdict(int)
        for entry in listing.entries:
            ended[entry.name] += 1
            if entry.state != "done":
                continue
            if entry.result is None:
                shell += 1
            elif entry.result.attempt < max(runs[entry.name], default=0):
                stale += 1
        double += sum(number > 1 for number in ended.values())
        counts = listing.counts
    return Account(
        tasks,
        counts["done"],
        counts["failed"],
        sum(map(len, runs.values())),
        shell,
        refused,
        double,
        stale,
        *broken,
        seconds,
    )


def _commits(log: Path) -> int:
    """Return how many there are so far, while lines are being written."""
    return sum(file.read_text().count("COMMIT ") for file in log.iterdir())


def _logged(log: Path) -> tuple[dict[str, list[int]], dict[str, int], int]:
    runs: dict[str, list[int]] = defaultdict(list)
    commits: dict[str, int] = defaultdict(int)
    refused = 0
    for file in log.iterdir():
        for line in file.read_text().splitlines():
            event, name, attempt, _ = line.split()
            if event == "RUN":
                runs[name].append(int(attempt))
            elif event == "COMMIT":
                commits[name] += 1
            else:
                refused += 1
    return runs, commits, refused


def main(arguments: list[str]) -> int:
    """Play what the command line asks for; returns 1 when the promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults queue", description=__doc__)
    parser.add_argument("--backend", choices=BACKENDS, default="directory")
    parser.add_argument("--tasks", type=int, default=3000)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--shell-workers", type=int, default=0, help="directory only")
    parser.add_argument("--restarts", type=int, default=0, help="of the server, sftp and nats")
    parser.add_argument("--lease", type=float, default=2.0)
    parser.add_argument("--folder", help="where to play it, if not in the folder for such things")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="fleet-queue-", dir=options.folder) as folder:
        account = asyncio.run(
            play(
                Path(folder),
                options.backend,
                tasks=options.tasks,
                workers=options.workers,
                shell_workers=options.shell_workers if options.backend == "directory" else 0,
                restarts=options.restarts,
                lease=options.lease,
                seed=options.seed,
            )
        )
    sys.stdout.write(f"{options.backend}, {os.cpu_count()} cores, seed {options.seed}\n{account}\n")
    return 0 if account.holds else 1
