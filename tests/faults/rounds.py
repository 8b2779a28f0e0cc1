"""One round: a run that babbles, contact that is lost, and a comparison byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sys
from dataclasses import dataclass
from os.path import commonpath
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.model.errors import Unreachable
from fleet_tui.transport.base import ExitStatus
from fleet_tui.transport.durable import DurableSpec, prepare
from tests.faults.follower import Order
from tests.faults.kinds import CLIENT, FAULTS, INTERFACE, interface_down, loopback
from tests.support.babble import bursts, command, expected
from tests.support.durable import new_run
from tests.support.persistence import Persistence
from tests.transport.helpers import Sink

if TYPE_CHECKING:
    from tests.support.durable_site import Site

FAULTS_PER_ROUND = 4
ENDS_WITHIN = 180.0


@dataclass(frozen=True)
class RoundResult:
    """What one round showed."""

    kind: str
    faults: int
    launches: int
    follows: int
    compared: int
    """Bytes, of what was followed against what the host has and what was written."""
    differences: tuple[str, ...]


async def play(site: Site, kind: str, seed: int, *, outage: float | None = None) -> RoundResult:
    """Play one round; everything random comes from `seed`."""
    chance = random.Random(seed)
    size = int(10 ** chance.uniform(4.5, 6.3))
    lasts = chance.uniform(1.0, 4.0) + 1.5 * (outage or 0)
    pause = 2 * lasts / sum(1 for _ in bursts(seed, size))
    spec = DurableSpec(new_run(), command(seed, size, pause))
    try:
        async with asyncio.timeout(ENDS_WITHIN + (outage or 0) * FAULTS_PER_ROUND):
            if kind == CLIENT:
                return await _killed_clients(site, spec, seed, size, chance)
            return await _lost_contact(site, kind, spec, seed, size, chance, outage)
    except TimeoutError:
        return RoundResult(kind, 0, 0, 0, 0, (f"{spec.run} did not end: {_state(site)}",))


async def _lost_contact(
    site: Site,
    kind: str,
    spec: DurableSpec,
    seed: int,
    size: int,
    chance: random.Random,
    outage: float | None,
) -> RoundResult:
    sink = Sink()
    persistence = Persistence(site.connect, sink)
    done = 0

    async def break_things() -> None:
        nonlocal done
        while done < FAULTS_PER_ROUND:
            if kind == INTERFACE:
                await persistence.started.wait()
                await interface_down(site, chance, outage)
            else:
                await FAULTS[kind](site, chance)
            done += 1
            await asyncio.sleep(chance.uniform(0, 0.3))

    if chance.random() < 0.5:
        with contextlib.suppress(Unreachable):
            await prepare(await site.connect())
    breaking = asyncio.create_task(break_things())
    try:
        status = await persistence.run(spec)
    finally:
        breaking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await breaking
        await _mend(site, kind)
    got = (bytes(sink.out), bytes(sink.err))
    wrong = _differences(site, spec.run, seed, size, got, status)
    compared = len(got[0]) + len(got[1])
    return RoundResult(kind, done, persistence.launches, persistence.follows, compared, wrong)


async def _killed_clients(
    site: Site, spec: DurableSpec, seed: int, size: int, chance: random.Random
) -> RoundResult:
    folder = site.server.folder / spec.run
    order = Order(
        spec.run,
        spec.line,
        site.relay.port,
        site.server.user,
        str(site.server.user_key),
        str(site.server.folder / "known_hosts"),
        str(folder),
    ).write()
    kills = 0
    while not (folder / "status").exists():
        client = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.faults.follower", str(order), cwd=Path.cwd()
        )
        patience = chance.uniform(0.5, 1.2) if kills < FAULTS_PER_ROUND else ENDS_WITHIN
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await client.wait()
        if client.returncode is None:
            client.kill()
            kills += 1
            await client.wait()
        elif client.returncode:
            break
    got = (_read(folder / "out"), _read(folder / "err"))
    words = _read(folder / "status").split() or [b"None"]
    status = ExitStatus(code=int(words[0]) if words[0].isdigit() else None)
    wrong = _differences(site, spec.run, seed, size, got, status)
    return RoundResult(CLIENT, kills, 1, kills, len(got[0]) + len(got[1]), wrong)


async def _mend(site: Site, kind: str) -> None:
    """Undo what a fault that was interrupted left behind."""
    if kind == INTERFACE:
        await asyncio.to_thread(loopback, "up")
    site.relay.thaw()
    site.relay.come_up()
    if site.server.process is None:
        await asyncio.to_thread(site.server.start)


def _state(site: Site) -> str:
    tasks = " | ".join(str(task.get_stack(limit=3)) for task in asyncio.all_tasks())
    return f"{site.pool.status('web')}; {site.relay}; sshd {site.server.process}; {tasks}"


def _differences(
    site: Site, run: str, seed: int, size: int, got: tuple[bytes, bytes], status: ExitStatus
) -> tuple[str, ...]:
    there, written = site.remote(run), expected(seed, size)
    wrong = []
    for name, ours, theirs, true in zip(("out", "err"), got, there, written, strict=True):
        if ours != theirs:
            wrong.append(f"{run} {name}: {_first(ours, theirs)} against the host's file")
        if ours != true:
            wrong.append(f"{run} {name}: {_first(ours, true)} against what was written")
    if status != ExitStatus(code=7):
        wrong.append(f"{run} ended as {status}")
    return tuple(wrong)


def _first(ours: bytes, theirs: bytes) -> str:
    same = len(commonpath((ours, theirs)))
    return f"byte {same} of {len(ours)} and {len(theirs)} differs"


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
