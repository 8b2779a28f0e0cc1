"""Sessions in Anthropic's cloud: what is kept of each, and the picture that faces are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fleet_tui.model.snapshot import PartView

if TYPE_CHECKING:
    from fleet_tui.model.run import Origin

CLOUD = "cloud"
"""What the log, the costs and the gate call the place where these sessions run."""
AGENT = "managed"
"""What the cost report calls their agent."""

GO_ON = "Go on where you stopped."
"""What a session is told whose budget was raised, unless a person says something else."""

ManagedState = Literal[
    "starting",
    "sending",
    "running",
    "rescheduling",
    "waiting",
    "idle",
    "over-budget",
    "stuck",
    "declined",
    "ended",
    "archived",
    "gone",
    "failed",
]
"""`sending` and `starting` are ours: a text is on its way, and the service has it but has said
nothing since. All others are the service's word. `waiting` is for a person; `stuck` has used up its
retries; `failed` never began."""

ACTIVE: frozenset[ManagedState] = frozenset(
    {"starting", "sending", "running", "rescheduling", "waiting"}
)
"""States in which a session may go on to cost something by itself, or once a person allows it."""
RESTING: frozenset[ManagedState] = frozenset({"idle", "over-budget", "stuck", "declined"})
"""States that a new text ends."""
OVER: frozenset[ManagedState] = frozenset({"ended", "archived", "gone", "failed"})
"""States that nothing ends."""

UNKNOWN_AFTER = 90.0
"""Seconds after which the last word on an active session says nothing of it any more."""


@dataclass(frozen=True, slots=True)
class ManagedSession:
    """One session as it is kept; its fields are the columns of the table. Texts are sanitized."""

    id: str
    """Ours; it stands in the session's metadata too, by which a lost answer is found."""
    title: str
    prompt: str
    agent: str
    environment: str
    origin: Origin
    by: str
    epoch: int
    budget_usd: float
    """What it may cost, by list price; the service holds it to that."""
    created_at: float
    state: ManagedState = "starting"
    state_at: float = 0.0
    """Since when, by our clock."""
    heard_at: float = 0.0
    """When the service last said anything of it; 0 before it ever did."""
    why: str = ""
    """What ended or stopped it, one sentence."""
    session: str = ""
    """The service's id; empty until it is known."""
    model: str = ""
    cost_usd: float | None = None
    """By list price, as the service names it; None before it does."""
    last_word: str = ""
    """The beginning of what the agent said last."""
    owner: str = ""
    """The program that starts it or sends to it."""

    def shown_state(self, now: float) -> ManagedState | Literal["unknown"]:
        """Return the state that is still proven."""
        if self.state in ACTIVE and now - max(self.heard_at, self.state_at) > UNKNOWN_AFTER:
            return "unknown"
        return self.state


@dataclass(frozen=True, slots=True)
class ManagedAsk:
    """A tool that a session may not use before a person allows it."""

    use: str
    """The service's id of this use."""
    tool: str
    text: str
    """What it would do, as the agent gave it."""
    can_answer: bool = True
    """False for a tool whose own program must answer."""


@dataclass(frozen=True, slots=True)
class ManagedRow:
    """A session with what is known while it is followed."""

    session: ManagedSession
    asks: tuple[ManagedAsk, ...] = ()
    lines: int = 0
    """How often its conversation has changed."""
    trouble: str = ""
    """Why the service is not heard now."""


@dataclass(frozen=True, slots=True)
class ManagedView(PartView):
    """All sessions of this fleet, newest first."""

    rows: tuple[ManagedRow, ...] = ()
    problem: str = ""
    """Why none can be started, with the mend; empty when one can."""
    spent_usd: float = 0.0
    """Today, by list price."""
    reserved_usd: float = 0.0
    """What those that are active may still cost."""
    cap_usd: float | None = None
    active: int = 0
    max_parallel: int = 1
    budget_usd: float | None = None
    """What one may cost that is given no other budget."""

    def row(self, identifier: str) -> ManagedRow | None:
        """Return a session by our id."""
        return next((row for row in self.rows if row.session.id == identifier), None)
