"""Finding peers that are gone without a word: one sweep over all connections, no timer each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

PROBES = 3
"""Unanswered probes that end a connection."""
PATIENCE = 0.5
"""Share of an interval that the last probe is given to be answered."""


class Watched(Protocol):
    """A connection as the sweep sees it."""

    def heard_something(self) -> bool:
        """Return whether bytes arrived since the last call."""

    def probe(self) -> None:
        """Ask for a sign of life; must not block."""

    def give_up(self, reason: str) -> None:
        """End it as lost."""


@dataclass(slots=True)
class Pulse:
    """What the sweep knows of one connection; times are monotonic seconds."""

    target: Watched
    interval: float
    heard_at: float
    probes: int = PROBES
    sent: int = 0
    is_new: bool = True
    """True until the first tick, which asks once so that the latency becomes known."""

    def tick(self, now: float) -> None:
        """Probe it when it is silent for long enough; give it up when probes stay unanswered."""
        if self.is_new:
            self.is_new = False
            self.target.probe()
        if self.target.heard_something():
            self.heard_at = now
            self.sent = 0
            return
        silent = now - self.heard_at
        if silent >= self.interval * (self.probes + PATIENCE):
            self.target.give_up(f"no sign of life for {silent:.0f} s")
        elif self.sent < min(self.probes, math.floor(silent / self.interval)):
            self.sent += 1
            self.target.probe()


class Sweep:
    """All pulses; `tick` is called a few times per interval."""

    def __init__(self) -> None:
        self._pulses: dict[int, Pulse] = {}

    def watch(self, pulse: Pulse) -> None:
        """Look after a connection from now on."""
        self._pulses[id(pulse.target)] = pulse

    def forget(self, target: Watched) -> None:
        """Look after it no more."""
        self._pulses.pop(id(target), None)

    def heard_at(self, target: Watched) -> float | None:
        """Return when `target` was last heard, None for an unknown one."""
        pulse = self._pulses.get(id(target))
        return pulse.heard_at if pulse is not None else None

    def tick(self, now: float) -> None:
        """Look at every connection once."""
        for pulse in tuple(self._pulses.values()):
            pulse.tick(now)
