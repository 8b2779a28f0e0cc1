"""Tasks a second and time from add to claim, beside the plain shell worker.

Every worker is a process. Counted is the time from the first claim to the last commit, without the
starting and ending of processes, and what the workers use of the processor meanwhile, which says
more than the time where the machine has other things to do.
"""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fleet_tui.clock import SystemClock
from fleet_tui.model.task import Result
from fleet_tui.queue.directory import directory_store
from fleet_tui.queue.names import FOLDERS
from fleet_tui.queue.store import Draft, Rules
from tests.faults.queue_sites import Site, site_in
from tests.support.parts import require

ROOT = Path(__file__).parents[2]
WORKERS = (1, 4, 8)
SHELL = """
HOST=$1; cd "$2"
for task in pending/*.md; do
  [ -e "$task" ] || continue
  name=$(basename "$task"); claim=running/$name.host-$HOST
  mv -n "$task" "$claim" 2>/dev/null && [ -e "$claim" ] || continue
  true < "$claim" > "$claim.result"
  mv "$claim" "done/$name"; mv "$claim.result" done/
done
"""
"""One pass of the plain shell worker, with `true` for the agent and no sleep."""


def run(tasks: int, rounds: int) -> None:
    """Print everything."""
    print(f"queue: {tasks} tasks, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for workers in WORKERS:
        for backend in ("directory", "sftp", "nats"):
            seconds, busy = drained(backend, tasks, workers)
            _say(f"{backend}, {workers} workers", tasks / seconds, busy / tasks)
        _say(f"plain shell worker, {workers} workers", *_shell(tasks, workers))
    for backend in ("directory", "sftp", "nats"):
        times = sorted(asyncio.run(_idle(backend, rounds)))
        p50, p99 = statistics.median(times), times[int(len(times) * 0.99)]
        print(f"   {backend + ', add to claim when idle':42s} p50 {p50 * 1e3:8.1f} ms"
              f"  p99 {p99 * 1e3:8.1f} ms")  # fmt: skip


def _say(what: str, rate: float, busy: float) -> None:
    load = os.getloadavg()[0]
    print(f"   {what:42s} {rate:10.1f} tasks/s {busy * 1e3:8.2f} ms CPU a task, load {load:.1f}",
          flush=True)  # fmt: skip


def drained(backend: str, tasks: int, workers: int) -> tuple[float, float]:
    """Return the seconds in which processes claim and commit everything, and their CPU seconds."""
    with (
        tempfile.TemporaryDirectory(prefix="fleet-bench-queue-") as folder,
        site_in(Path(folder), backend) as (site, _),
    ):
        asyncio.run(_fill(site, tasks))
        command = [sys.executable, "-m", "tests.bench.queue", backend, site.place]
        crew = [
            subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for _ in range(workers)
        ]
        for one in crew:  # all have opened the queue before any begins
            assert one.stdout is not None
            one.stdout.readline()
        for one in crew:
            assert one.stdin is not None
            one.stdin.write("go\n")
            one.stdin.flush()
        said = [tuple(map(float, one.communicate()[0].split())) for one in crew]
        assert not any(one.returncode for one in crew)
    began, ended, busy = zip(*said, strict=True)
    return max(ended) - min(began), sum(busy)


async def _fill(site: Site, tasks: int) -> None:
    async with site.store(SystemClock(), 60.0, 3) as store:
        await store.add([Draft(f"task {number}".encode()) for number in range(tasks)])


def _shell(tasks: int, workers: int) -> tuple[float, float]:
    """Return its tasks a second, and CPU seconds a task."""
    with tempfile.TemporaryDirectory(prefix="fleet-bench-queue-") as folder:
        for name in FOLDERS:
            (Path(folder) / name).mkdir()
        for number in range(tasks):
            (Path(folder) / "pending" / f"{number:05}.md").write_text(f"task {number}")
        began, before = time.monotonic(), _children()
        crew = [
            subprocess.Popen([require("dash"), "-c", SHELL, "worker", f"h{number}", folder])
            for number in range(workers)
        ]
        for one in crew:
            one.wait()
        return tasks / (time.monotonic() - began), (_children() - before) / tasks


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def _idle(backend: str, rounds: int) -> list[float]:
    """Return the seconds from the begin of an add to the claim of a worker that waits."""
    with (
        tempfile.TemporaryDirectory(prefix="fleet-bench-queue-") as folder,
        site_in(Path(folder), backend) as (site, _),
    ):
        async with (
            site.store(SystemClock(), 60.0, 3) as giver,
            site.store(SystemClock(), 60.0, 3) as taker,
        ):
            times = []
            for number in range(rounds):
                taking = asyncio.create_task(_next(taker))
                await asyncio.sleep(0.2)
                began = time.monotonic()
                await giver.add([Draft(f"task {number}".encode())])
                times.append(await taking - began)
            return times


async def _next(store: object) -> float:
    from fleet_tui.queue.store import TaskStore

    taker: TaskStore = store  # type: ignore[assignment]
    while True:
        claim = await taker.claim(lambda task: True, host="bench")
        if claim is not None:
            at = time.monotonic()
            await taker.commit(claim, Result("ok"))
            return at
        await taker.wait(60.0)


async def _work(site: Site) -> None:
    async with site.store(SystemClock(), 60.0, 3) as store:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        began, before = time.monotonic(), time.process_time()
        ended = began
        while (claim := await store.claim(lambda task: True, host="bench")) is not None:
            await store.commit(claim, Result("ok"))
            ended = time.monotonic()
        print(began, ended, time.process_time() - before)


async def counts(folder: Path) -> dict[str, int]:
    """Return what one task costs a local folder, in calls to the disk."""
    from tests.queue.folders import Disk

    disk = Disk()
    store = directory_store(folder, Rules(), SystemClock(), system=disk)
    await store.open()
    disk.calls.clear()
    await store.add([Draft(b"task")])
    claim = await store.claim(lambda task: True, host="bench")
    assert claim is not None
    await store.commit(claim, Result("ok"))
    await store.close()
    return {call: disk.count(call) for call in ("fsync", "rename", "link", "create", "unlink")}


if __name__ == "__main__":
    asyncio.run(_work(Site(sys.argv[1], sys.argv[2])))
