"""Heartbeats as the screen shows them: who was heard, how long ago, and what it was doing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fleet_tui.model.snapshot import PartView

PulseState = Literal["stale", "suspect", "new", "fresh"]
"""`new`: seen, but not yet long enough to know whether it beats."""
WORST_FIRST: tuple[PulseState, ...] = ("stale", "suspect", "new", "fresh")


@dataclass(frozen=True, slots=True)
class PulseView:
    """One heartbeat. Ages are seconds of our own clock, in which we were watching."""

    watch: str
    """Where it is read: `queue`, `here`."""
    name: str
    kind: str
    """`worker`, `daemon`, `pull`, or what another tool calls it."""
    host: str
    state: PulseState
    silent_for: float
    """Age of the last change, when the picture was made."""
    word: str = ""
    """The last word, one line."""
    doing: tuple[str, ...] = ()
    """Tasks it holds."""
    labels: tuple[str, ...] = ()
    is_paused: bool = False
    is_foreign: bool = False
    history: tuple[float, ...] = ()
    """The last pauses between two beats, oldest first."""
    stale_since: float | None = None
    """Unix seconds of our clock, while an episode lasts."""
    episodes: int = 0
    """How often it has gone stale since it is known."""

    @property
    def key(self) -> str:
        """Names it among all heartbeats."""
        return f"{self.watch}/{self.name}"


@dataclass(frozen=True, slots=True)
class BeatsView(PartView):
    """All heartbeats, the worst first."""

    pulses: tuple[PulseView, ...]
    stale_after: float
    suspect_after: float
    made_at: float
    """Unix seconds of our clock."""
    lag_seconds: float = 0.0
    """How long we ourselves were not looking since the start; no age counts that."""
    problems: tuple[str, ...] = ()
    """What cannot be read now, one sentence each; ages stand still meanwhile."""

    @property
    def stale(self) -> tuple[PulseView, ...]:
        """Those that are stale."""
        return tuple(pulse for pulse in self.pulses if pulse.state == "stale")

    def pulse(self, key: str) -> PulseView | None:
        """Return one of them."""
        return next((pulse for pulse in self.pulses if pulse.key == key), None)


def worst_first(pulses: list[PulseView]) -> tuple[PulseView, ...]:
    """Return the heartbeats in the order a person should look at them."""
    return tuple(sorted(pulses, key=lambda p: (WORST_FIRST.index(p.state), -p.silent_for, p.key)))
