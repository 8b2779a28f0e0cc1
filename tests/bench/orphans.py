"""What still runs on the hosts after everything was cancelled."""

from __future__ import annotations

import asyncio
import getpass
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

from fleet_tui.model.request import DispatchRequest
from tests.bench import ours, peers
from tests.support.sshd import ordinary_user

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.bench.lab import Lab, Site
    from tests.bench.options import Options
    from tests.bench.peers import Peer
    from tests.bench.report import Report

PEER_HOSTS = 20
EACH = 2
"""Processes a host runs."""
PATIENCE = 30.0
GRACE = 2.0
"""Seconds that the killed may take to go."""


class Sleepers:
    """Processes that can be told from all others by how long they sleep."""

    def __init__(self, number: int) -> None:
        self._word = f"{90_000 + number}.{os.getpid()}"
        self.command = f"sleep {self._word} & sleep {self._word}; wait"

    def pids(self) -> list[int]:
        """Return those alive, by `ps`."""
        table = subprocess.run(
            ["ps", "-A", "-o", "pid=,args="], capture_output=True, text=True, check=True
        ).stdout
        rows = (line.split(None, 1) for line in table.splitlines())
        return [int(row[0]) for row in rows if row[1:] == [f"sleep {self._word}"]]

    def wait(self, is_right: Callable[[int], bool], seconds: float) -> int:
        """Wait until their number is right; returns what it is then, or after `seconds`."""
        deadline = time.monotonic() + seconds
        while not is_right(count := len(self.pids())) and time.monotonic() < deadline:
            time.sleep(0.1)
        return count

    def kill(self) -> None:
        """Kill every one of them."""
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)


async def run(lab: Lab, options: Options, others: Sequence[Peer], report: Report) -> None:
    """Cancel ours, and interrupt the peers."""
    if not options.wants("orphans"):
        return
    count = max(options.hosts)
    site = lab.sshd("orphans", user=ordinary_user())[1]
    report.title(f"processes left after a cancel, {EACH} a host, sshd")
    left, seconds = await _ours(lab, site, count)
    report.number("orphans/left", f"ours, {count} hosts", left, "processes")
    report.number("orphans/seconds", "ours, cancel to the end", seconds, "s")
    if getpass.getuser() == "root":
        as_root = lab.sshd("orphans-root")[1]
        left, seconds = await _ours(lab, as_root, count)
        report.number("orphans/root", f"ours as root, {count} hosts", left, "processes")
        report.number("orphans/root-seconds", "ours as root, to the end", seconds, "s")
    for number, peer in enumerate(others, start=1):
        left = await asyncio.to_thread(_peer, lab, site, peer, number)
        report.number(f"orphans/{peer.name}", f"{peer.name}, {PEER_HOSTS} hosts", left, "processes")


async def _ours(lab: Lab, site: Site, count: int) -> tuple[int, float]:
    sleepers = Sleepers(0)
    try:
        async with ours.open_fleet(ours.fleet_config(lab, site, site.names(count))) as fleet:
            request = DispatchRequest(target="all", prompt=sleepers.command, agent="shell")
            live = await fleet.dispatch(request)
            wanted = count * EACH
            up = await asyncio.to_thread(sleepers.wait, lambda n: n >= wanted, PATIENCE)
            if up != wanted:
                raise RuntimeError(f"{up} of {wanted} processes started")
            began = time.perf_counter()
            await fleet.cancel(list(live.tasks))
            runs = await live.finished
            seconds = time.perf_counter() - began
            if {run.state for run in runs} != {"cancelled"}:
                raise RuntimeError(f"not all were cancelled: { {run.state for run in runs} }")
            return await asyncio.to_thread(sleepers.wait, lambda n: n == 0, GRACE), seconds
    finally:
        sleepers.kill()


def _peer(lab: Lab, site: Site, peer: Peer, number: int) -> int:
    sleepers = Sleepers(number)
    call = peers.make_call(lab, site, site.names(PEER_HOSTS), sleepers.command)
    environment = {**os.environ, **peer.environment(call)}
    with subprocess.Popen(
        peer.arguments(call),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        env=environment,
    ) as process:
        try:
            up = sleepers.wait(lambda n: n >= PEER_HOSTS * EACH, PATIENCE)
            if up != PEER_HOSTS * EACH:
                raise RuntimeError(f"{peer.name} started {up} of {PEER_HOSTS * EACH} processes")
            _interrupt(process)
            return sleepers.wait(lambda n: n == 0, GRACE)
        finally:
            sleepers.kill()
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def _interrupt(process: subprocess.Popen[bytes]) -> None:
    """Press ^C as often as it takes; pdsh wants it twice within a second."""
    for _ in range(10):
        try:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(0.3)
        except subprocess.TimeoutExpired:
            continue
        return
