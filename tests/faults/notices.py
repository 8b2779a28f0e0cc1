"""Kills the sender of notices between queueing and sending, and counts what arrived."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.model.notice import Notice
from fleet_tui.notify.desk import NoticeDesk
from tests.notify.services import serve
from tests.support.stage import fleet_file, staged

if TYPE_CHECKING:
    from fleet_tui.notify.carrier import Carrier
    from fleet_tui.notify.message import Message, ServiceAnswer
    from fleet_tui.notify.settings import Route

STEPS = ("queued", "before", "after")
"""Where the process dies: the notice on disk, before the request, before its answer is noted."""


@dataclass(frozen=True)
class Tally:
    """What arrived."""

    rounds: int
    told: int
    lost: int
    doubled: int
    """Notices that the service got twice with two ids: it could not have dropped the second."""
    repeats: int
    """Requests that carried the id of an earlier one, as after a kill in mid-request."""


def play(rounds: int, seed: int) -> Tally:
    """Tell one notice a round, in a process that is killed, and then let a last one finish."""
    luck = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder, serve() as services:
        for number in range(rounds):
            step = luck.choice(STEPS)
            child = [sys.executable, "-m", "tests.faults.notices"]
            done = subprocess.run([*child, folder, services.url, step, str(number)], check=False)
            assert done.returncode == -signal.SIGKILL, done.returncode
        asyncio.run(_finish(Path(folder), services.url))
        ids = Counter(str(body["id"]) for body in services.bodies())
    told = {identifier.split(".")[0] for identifier in ids}
    wanted = {f"n-{number}" for number in range(rounds)}
    return Tally(
        rounds,
        told=len(told & wanted),
        lost=len(wanted - told),
        doubled=len(ids) - len(told),
        repeats=sum(ids.values()) - len(ids),
    )


def main(arguments: list[str]) -> int:
    """Play and print; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults notices")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args(arguments)
    tally = play(options.rounds, options.seed)
    sys.stdout.write(f"{tally}\n")
    return int(tally.lost > 0 or tally.doubled > 0)


class _DyingCarrier:
    """Sends for real, and dies where it is told to."""

    def __init__(self, carrier: Carrier, step: str, notice: str) -> None:
        self._carrier = carrier
        self._step = step
        self._notice = notice

    async def send(self, route: Route, message: Message) -> ServiceAnswer:
        if message.id == self._notice and self._step == "before":
            _die()
        answer = await self._carrier.send(route, message)
        if message.id == self._notice and self._step == "after":
            _die()
        return answer


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def _tell(folder: Path, url: str, step: str, number: str) -> None:
    config = fleet_file(folder, ["web01"])
    async with staged(config, {}) as stage:
        desk = _desk(stage.fleet.parts._context, url)
        dying = _DyingCarrier(desk.carrier, step, f"n-{number}")
        desk.sender._carrier = dying  # type: ignore[assignment]
        now = stage.fleet.clock.time()
        await desk.tell(
            Notice(f"n-{number}", now, "error", "run-failed", "web01", f"text {number}")
        )
        if step == "queued":
            _die()
        await desk.flush(30.0)


async def _finish(folder: Path, url: str) -> None:
    async with staged(fleet_file(folder, ["web01"]), {}) as stage:
        desk = _desk(stage.fleet.parts._context, url)
        left = await desk.flush(60.0)
        await desk.close()
        assert left == [], left


def _desk(context: object, url: str) -> NoticeDesk:
    environ = {"CLAUDE_NOTIFY_URL": f"{url}/hook/x"}
    return NoticeDesk(context, environ=environ, luck=lambda: 0.0)  # type: ignore[arg-type]


if __name__ == "__main__":
    _, where, address, at, which = sys.argv
    asyncio.run(_tell(Path(where), address, at, which))
