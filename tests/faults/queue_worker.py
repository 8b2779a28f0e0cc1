"""One worker process of the queue's trial: claims, works, stalls, dies; a log says what it did."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from fleet_tui.clock import SystemClock
from fleet_tui.model.task import LeaseLost, QueueError, Result
from tests.faults.queue_sites import Site

if TYPE_CHECKING:
    from fleet_tui.model.task import Claim
    from fleet_tui.queue.store import TaskStore

WORK_SECONDS = 0.002
AGAIN_SECONDS = 0.03
"""An attempt that is not the first is slow, so that a stale commit could land during it."""


@dataclass(frozen=True)
class Trial:
    """What each worker is told; travels as JSON."""

    backend: str
    place: str
    log: str
    lease: float
    max_attempts: int
    stalls: float
    """Share of runs that take longer than the lease, without a beat."""
    deaths: float
    """Share of runs that end with SIGKILL."""

    def to_json(self) -> str:
        """For the command line."""
        return json.dumps(asdict(self))


async def work(trial: Trial, number: int, log: TextIO) -> None:
    """Work until the queue is empty."""
    chance = random.Random(f"{number}-{os.getpid()}")
    site = Site(trial.backend, trial.place)
    async with site.store(SystemClock(), trial.lease, trial.max_attempts) as store:
        await asyncio.gather(_run(store, trial, chance, log), _look_after(store, trial))


async def _look_after(store: TaskStore, trial: Trial) -> None:
    while True:
        counts = await _counts(store)
        if counts is not None and not counts:
            return
        with contextlib.suppress(QueueError):
            await store.reap()
        await asyncio.sleep(trial.lease / 5)


async def _run(store: TaskStore, trial: Trial, chance: random.Random, log: TextIO) -> None:
    while True:
        try:
            claim = await store.claim(lambda task: True, host="same")
        except QueueError:
            await asyncio.sleep(0.1)
            continue
        if claim is not None:
            await _one(store, claim, trial, chance, log)
        elif await _counts(store) == {}:
            return
        else:
            await asyncio.sleep(0.05)


async def _one(
    store: TaskStore, claim: Claim, trial: Trial, chance: random.Random, log: TextIO
) -> None:
    name = claim.task.name
    _note(log, "RUN", name, claim.attempt)
    fate = chance.random()
    if fate < trial.deaths:
        os.kill(os.getpid(), signal.SIGKILL)
    if fate < trial.deaths + trial.stalls:
        time.sleep(trial.lease * chance.uniform(1.3, 3.0))  # noqa: ASYNC251 a stopped process
    else:
        await asyncio.sleep(WORK_SECONDS if claim.attempt == 1 else AGAIN_SECONDS)
    result = Result(f"did {claim.key}", outcome="ok", attempt=claim.attempt)
    while True:
        try:
            await store.commit(claim, result)
        except LeaseLost:
            _note(log, "FENCED", name, claim.attempt)
        except QueueError:
            await asyncio.sleep(0.1)
            continue
        else:
            _note(log, "COMMIT", name, claim.attempt)
        return


async def _counts(store: TaskStore) -> dict[str, int] | None:
    """Return what is still to be done, None when the store cannot be asked."""
    try:
        counts = (await store.listing(())).counts
    except QueueError:
        return None
    return {key: number for key in ("pending", "running", "held") if (number := counts[key])}


def _note(log: TextIO, event: str, name: str, attempt: int) -> None:
    log.write(f"{event} {name} {attempt} {time.monotonic_ns()}\n")


def main() -> None:
    """Work as the command line says."""
    trial, number = Trial(**json.loads(sys.argv[1])), int(sys.argv[2])
    with Path(trial.log, f"{number}-{os.getpid()}").open("a", buffering=1) as log:
        asyncio.run(work(trial, number, log))


if __name__ == "__main__":
    main()
