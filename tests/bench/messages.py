"""Messages between sessions: from sent to seen, beside a client that polls, and the broker's pace.

`python -m tests.bench peers [MESSAGES]`. The session is a stand-in that takes messages in by its
socket and keeps a transcript as Claude Code does; the polling client is a mock of claude-peers',
which asks once a second. A file bus that is read every three minutes needs no measuring: 90 s in
the middle, 180 s at most.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING
from unittest.mock import patch

from fleet_tui.fleet import Fleet
from fleet_tui.model.host import Host
from fleet_tui.model.peer import OPERATOR
from tests.faults.peer_rounds import Flock
from tests.peers.knock import knock, register
from tests.support.sshd import free_port
from tests.support.stage import fleet_file

if TYPE_CHECKING:
    from fleet_tui.peers.service import PeerService

POLL_SECONDS, POLLED = 1.0, 10


async def run(messages: int) -> None:
    """Measure and print."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="fb-") as name:
        folder = Path(name)
        home = folder / "h"
        await asyncio.to_thread(home.mkdir)
        config = fleet_file(folder, [Host("here", connection="local")])
        sections = {"peers": {"broker": f"127.0.0.1:{port}"}}
        flock = Flock(home, 1)
        with patch.dict(os.environ, {"HOME": str(home), "SHELL": "/bin/sh"}):
            fleet = Fleet(replace(config, sections=sections))
            await fleet.open()
            try:
                await flock.start()
                service = fleet.parts.peers
                await service.start()
                _say("sent to seen, by the inbox socket", await _sent_to_seen(service, messages))
                _say("sent to polled, as claude-peers", await _sent_to_polled(port))
                await _pace(fleet, port)
            finally:
                await flock.end()
                await fleet.close()


async def _sent_to_seen(service: PeerService, messages: int) -> list[float]:
    name = await _first(service)
    taken = []
    for number in range(messages):
        begun = time.perf_counter()
        sent = await service.post.send(OPERATOR, name, f"{number}", urgency="fyi")
        while True:
            now = service.store.message(sent.id)
            if now is not None and now.rung in ("seen", "replied"):
                break
            await asyncio.sleep(0.005)
        taken.append(time.perf_counter() - begun)
    return taken


async def _first(service: PeerService) -> str:
    while True:
        await service.refresh()
        for peer in service.store.peers():
            if peer.socket and peer.is_live:
                return peer.name
        await asyncio.sleep(0.1)


async def _sent_to_polled(port: int) -> list[float]:
    one, two = await register(port, pid=1), await register(port, pid=2)
    taken = []
    for number in range(POLLED):
        next_poll = time.perf_counter() + POLL_SECONDS
        await asyncio.sleep(POLL_SECONDS * number / POLLED)
        begun = time.perf_counter()
        await knock(port, "/send-message", {"from_id": one, "to_id": two, "text": "x"})
        await asyncio.sleep(max(0.0, next_poll - time.perf_counter()))
        await knock(port, "/poll-messages", {"id": two})
        taken.append(time.perf_counter() - begun)
    return taken


async def _pace(fleet: Fleet, port: int) -> None:
    """Let 20 clients of another process send 2,000 messages and fetch them.

    For another broker's pace run `python -m tests.bench.peer_clients PORT` beside it.
    """
    asked = Counter[str]()
    store = fleet.parts.peers.store.database._connection
    store.set_trace_callback(lambda line: asked.update([line.split()[0]]))
    fsyncs = fleet.log.fsyncs
    before, begun = time.process_time(), time.perf_counter()
    clients = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.peer_clients", str(port)),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await clients.communicate()
    told = json.loads(said)
    used, wall = time.process_time() - before, time.perf_counter() - begun
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{told['sent']:,} messages from 20 clients: {told['send_seconds']:.2f} s,"
        f" {told['sent'] / told['send_seconds']:,.0f} a second; {told['fetched']:,} fetched"
        f" ({told['different']:,} different) in {told['fetch_seconds']:.2f} s;"
        f" the broker used {used:.2f} s of a processor in {wall:.2f} s; {memory:.0f} MiB"
    )
    store.set_trace_callback(None)
    print(
        f"  {asked['COMMIT']:,} transactions, {asked.total():,} statements in all,"
        f" {fleet.log.fsyncs - fsyncs:,} fsyncs of the audit log"
    )


def _say(what: str, taken: list[float]) -> None:
    worst = quantiles(taken, n=100)[-1]
    print(f"{what}: p50 {median(taken) * 1000:.0f} ms, p99 {worst * 1000:.0f} ms ({len(taken)})")
