"""What the programs of the screen bench have in common: their task, and what they tell."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.lab import Site
from tests.bench.measure import quantile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LAG_STEP = 0.01
SETTLE = 2.0
"""Seconds of streaming before anything is measured."""


@dataclass(frozen=True, slots=True)
class Play:
    """What a program on stage is told."""

    folder: Path
    port: int
    user: str
    user_key: Path
    known_hosts: Path
    streams: int
    rate: int
    """Lines a second of all streams together."""
    seconds: float
    """How long to measure, after SETTLE."""
    widget: str = ""

    @property
    def command(self) -> str:
        """What each host is to run."""
        each = self.rate // self.streams
        return f"pour {int(each * (self.seconds + 60))} {each}"

    @property
    def site(self) -> Site:
        """The server, as far as a client needs it."""
        nowhere = Path(os.devnull)
        return Site("sim", self.port, self.user, self.user_key, self.known_hosts, nowhere, nowhere)

    @property
    def begun(self) -> Path:
        """A file that appears when measuring begins."""
        return self.folder / "begun"

    @property
    def answer(self) -> Path:
        """A file that appears, whole, when it has ended."""
        return self.folder / "answer.json"

    def to_json(self) -> str:
        """Return it as an argument for a child."""
        return json.dumps({name: str(value) for name, value in asdict(self).items()})


def read_play(text: str) -> Play:
    """Return what `to_json` wrote."""
    given = json.loads(text)
    return Play(
        folder=Path(given["folder"]),
        port=int(given["port"]),
        user=given["user"],
        user_key=Path(given["user_key"]),
        known_hosts=Path(given["known_hosts"]),
        streams=int(given["streams"]),
        rate=int(given["rate"]),
        seconds=float(given["seconds"]),
        widget=given["widget"],
    )


@dataclass(slots=True)
class Lags:
    """Lateness of the two loops, in seconds, and how many lines there are."""

    play: Play
    count: Callable[[], int]
    screen: list[float] = field(default_factory=list)
    core: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Measure from SETTLE on; the clock is a thread's, so that no blocked loop delays it."""
        timer = threading.Timer(SETTLE, self._begin)
        timer.daemon = True
        timer.start()

    def _begin(self) -> None:
        self.screen.clear()
        self.core.clear()
        first = self.count()
        self.play.begun.touch()
        threading.Event().wait(self.play.seconds)
        self._end(first)

    def _end(self, first: int) -> None:
        rate = (self.count() - first) / self.play.seconds
        answer: Mapping[str, float] = {
            "lines_per_second": rate,
            "screen_p95": quantile(self.screen, 0.95),
            "screen_max": max(self.screen, default=float("nan")),
            "core_p95": quantile(self.core, 0.95),
            "core_max": max(self.core, default=float("nan")),
        }
        part = self.play.answer.with_suffix(".part")
        part.write_text(json.dumps(answer))
        part.rename(self.play.answer)
        os._exit(0)
