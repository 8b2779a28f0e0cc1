"""What runs by itself, as a face shows it: when each starts next, and how its last starts went."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fleet_tui.model.snapshot import PartView

DutyKind = Literal["daemon", "schedule"]
DutyState = Literal[
    "running", "parked", "waiting", "resting", "paused", "unconfirmed", "finishing", "idle"
]
"""`parked`: a limit ended its run, which goes on by itself; `resting`: it starts nothing before
a limit is over; `unconfirmed`: it may write, and nobody has confirmed that; `finishing`: its run
is followed to its end, and nothing new begins; `idle`: no program of this machine runs it."""
StartOutcome = Literal["", "ok", "failed", "refused", "cancelled", "not-started"]
"""How a start ended; empty while it has not."""


@dataclass(frozen=True, slots=True)
class StartView:
    """One start. Times are Unix seconds of our clock, money is US dollars."""

    dispatch: str
    begun_at: float
    ended_at: float | None = None
    outcome: StartOutcome = ""
    said: str = ""
    """One sanitized line: the first words of the answer, or why it failed."""
    succeeded: int = 0
    runs: int = 0
    cost_usd: float | None = None
    """What its runs have cost as far as that is known; None while nothing is."""
    cost_is_complete: bool = True
    is_by_hand: bool = False


@dataclass(frozen=True, slots=True)
class DutyView:
    """One `[[daemon]]` or `[[schedule]]` of fleet.toml."""

    name: str
    kind: DutyKind
    target: str
    prompt: str
    rhythm: str
    """`every 6h`, `07:30 mon tue`."""
    state: DutyState
    state_since: float | None
    next_at: float | None
    """When it starts next, Unix seconds, as long as somebody runs it; None while it is paused."""
    mode: str = "read"
    agent: str = ""
    """Empty for each host's own."""
    budget_usd: float | None = None
    mcp: tuple[str, ...] = ()
    """The MCP servers that its runs are given."""
    recent: tuple[StartView, ...] = ()
    """Its last starts, newest first."""
    failures: int = 0
    """How many starts in a row have failed."""
    skipped: int = 0
    """Starts left out since the last one because its run was not over."""
    holder: str = ""
    """Which program runs it; empty when none does."""
    is_ours: bool = False
    """True when this program runs it."""
    why: str = ""
    """Why it is not run here, one sentence."""

    @property
    def last(self) -> StartView | None:
        """Return its newest start."""
        return self.recent[0] if self.recent else None


@dataclass(frozen=True, slots=True)
class DaemonsView(PartView):
    """All that runs by itself, in the order of fleet.toml."""

    rows: tuple[DutyView, ...]
    problem: str = ""
    """What cannot be read or written now, one sentence."""

    def duty(self, name: str) -> DutyView | None:
        """Return one of them."""
        return next((row for row in self.rows if row.name == name), None)
