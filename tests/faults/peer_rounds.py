"""Messages to sessions that are killed at random: none lost, none shown twice, none for ever.

`python -m tests.faults peers --messages 10000` prints what became of them; a few hundred are sent
in the suite.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import sys
import tempfile
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

from fleet_tui.fleet import Fleet
from fleet_tui.model.host import Host
from fleet_tui.model.peer import OPERATOR
from fleet_tui.peers import courier
from tests.support.program import CHECKOUT
from tests.support.stage import fleet_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.peers.service import PeerService

SESSIONS = 8
SHOWN = re.compile(r"\[fleet message (m-[0-9A-Z]{26}) from")
KILL_EVERY = (0.3, 1.5)
PATIENT = 40
"""Attempts here: receivers die far more often than they would."""


@dataclass(frozen=True)
class Result:
    """What became of the messages."""

    sent: int
    kills: int
    lost: int
    doubled: int
    unproven: int
    """Shown by a transcript, but not said to be seen; or said to be seen, but not shown."""
    open: int
    """Still on their way at the end."""
    handed_again: int
    seconds: float

    @property
    def is_well(self) -> bool:
        """True when every promise was kept."""
        return not (self.lost or self.doubled or self.unproven or self.open)

    def __str__(self) -> str:
        return (
            f"{self.sent:,} messages, {self.kills:,} kills,"
            f" {self.handed_again:,} handed over again: {self.lost} lost,"
            f" {self.doubled} shown twice, {self.unproven} said wrongly,"
            f" {self.open} open at the end; {self.seconds:.0f} s"
        )


async def play(folder: Path, messages: int, seed: int, *, within: float) -> Result:
    """Send that many messages to sessions that are killed all the while."""
    chance = random.Random(seed)
    begun = time.monotonic()
    home = folder / "h"
    home.mkdir()
    config = fleet_file(folder, [Host("here", connection="local")])
    environment = {"HOME": str(home), "SHELL": "/bin/sh"}
    with patch.dict(os.environ, environment), patch.object(courier, "MAX_ATTEMPTS", PATIENT):
        os.environ.pop("CLAUDE_CONFIG_DIR", None)
        fleet = Fleet(config)
        await fleet.open()
        flock = Flock(home, seed)
        try:
            return await _send(fleet.parts.peers, flock, messages, chance, begun, within)
        finally:
            await flock.end()
            await fleet.close()


class Flock:
    """The sessions; each is started again when it was killed."""

    def __init__(self, home: Path, seed: int) -> None:
        self._home = home
        self._chance = random.Random(seed + 1)
        self.sessions = [str(uuid.UUID(int=self._chance.getrandbits(128))) for _ in range(SESSIONS)]
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self.kills = 0

    async def start(self) -> None:
        """Start all of them."""
        for session in self.sessions:
            await self._start(session)

    async def _start(self, session: str) -> None:
        self._processes[session] = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.faults.receiver", str(self._home), session),
            str(self._chance.getrandbits(30)),
            cwd=CHECKOUT,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def kill_for_ever(self) -> None:
        """Kill one after the other, and start it again."""
        while True:
            await asyncio.sleep(self._chance.uniform(*KILL_EVERY))
            session = self._chance.choice(self.sessions)
            process = self._processes[session]
            process.kill()
            await process.wait()
            self.kills += 1
            await self._start(session)

    async def end(self) -> None:
        """Kill all of them for good."""
        for process in self._processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def shown(self) -> Counter[str]:
        """Count how often each message was shown to a model, by the transcripts."""
        seen: Counter[str] = Counter()
        for path in (self._home / ".claude/projects").glob("*/*.jsonl"):
            for line in path.read_text(errors="replace").splitlines():
                with contextlib.suppress(ValueError):
                    event = json.loads(line)
                    if event["type"] == "user":
                        seen.update(SHOWN.findall(event["message"]["content"]))
        return seen


async def _send(
    service: PeerService,
    flock: Flock,
    messages: int,
    chance: random.Random,
    begun: float,
    within: float,
) -> Result:
    await flock.start()
    await _all_there(service)
    names = [peer.name for peer in service.store.peers()]
    carrying = [asyncio.create_task(_look(service)), asyncio.create_task(_carry(service))]
    killing = asyncio.create_task(flock.kill_for_ever())
    ids = []
    for number in range(messages):
        sent = await service.post.send(OPERATOR, chance.choice(names), f"{number}", urgency="fyi")
        ids.append(sent.id)
        if number % 50 == 49:
            await asyncio.sleep(0)
    try:
        async with asyncio.timeout(within):
            while _open(service):
                await asyncio.sleep(0.2)
                if time.monotonic() - begun > within * 0.7:
                    killing.cancel()  # so that the last of them can be read
    except TimeoutError:
        pass  # the result says how many are open
    for task in (killing, *carrying):
        task.cancel()
    await asyncio.gather(killing, *carrying, return_exceptions=True)
    shown = flock.shown()
    kept = {m.id: m for m in service.store.messages("1")}
    said = {i for i, m in kept.items() if m.rung == "seen"}
    return Result(
        sent=messages,
        kills=flock.kills,
        lost=sum(i not in shown and kept[i].rung != "undeliverable" for i in ids),
        doubled=sum(count > 1 for count in shown.values()),
        unproven=len(said ^ set(shown)),
        open=_open(service),
        handed_again=sum(m.attempts > 1 for m in kept.values()),
        seconds=time.monotonic() - begun,
    )


async def _all_there(service: PeerService) -> None:
    while True:
        if await service.refresh() >= SESSIONS:
            return
        await asyncio.sleep(0.1)


def _open(service: PeerService) -> int:
    return len(service.store.messages("rung NOT IN ('seen', 'replied', 'undeliverable')"))


async def _look(service: PeerService) -> None:
    while True:
        await service.lookout.look(None, ask_agents=False)
        await asyncio.sleep(0.2)


async def _carry(service: PeerService) -> None:
    while True:
        pause = await service.carry()
        await asyncio.sleep(min(0.2, pause))


def main(arguments: Sequence[str]) -> int:
    """Play once and print the result; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults peers", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--within", type=float, default=3600.0, help="seconds")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="fp-") as folder:
        played = play(Path(folder), options.messages, options.seed, within=options.within)
        result = asyncio.run(played)
    sys.stdout.write(f"seed {options.seed}: {result}\n")
    return 0 if result.is_well else 1
