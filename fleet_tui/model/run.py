"""Dispatches and their runs: states, outcomes, records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

Mode = Literal["read", "write", "unrestricted"]
Origin = Literal["operator", "queue", "peer", "daemon", "mcp", "schedule"]
AgentName = Literal["claude", "codex", "shell"]
OnLimit = Literal["wait", "fail"]
"""`wait`: a run that a usage limit or an overload ended goes on by itself when that is over."""

RunState = Literal[
    "queued", "connecting", "running", "succeeded", "failed", "cancelled", "timed-out", "lost"
]
Outcome = Literal[
    "ok",
    "denied",
    "max-turns",
    "budget",
    "auth",
    "billing",
    "rate-limited",
    "overloaded",
    "network",
    "killed",
    "agent-missing",
    "usage",
    "connect",
    "host-key",
    "stalled",
    "refused",
    "error",
]

NO_MODE = "\u2013"
"""What stands for the mode of a plain command, where people read it."""

OPEN_STATES: frozenset[RunState] = frozenset({"queued", "connecting", "running"})
UNREACHED: frozenset[Outcome] = frozenset({"connect", "host-key"})
"""Outcomes of runs that never started because their host could not be reached."""


@dataclass(frozen=True, slots=True)
class Run:
    """One agent process on one host. Times are Unix seconds of our clock; None is "not yet"."""

    id: str
    dispatch: str
    host: str
    agent: AgentName
    mode: Mode
    state: RunState = "queued"
    outcome: Outcome | None = None
    exit_status: int | None = None
    exit_signal: str | None = None
    cost_usd: float | None = None
    """None: not known (no result event, or an agent that names no price)."""
    session: str | None = None
    """The agent's own session id, for resume."""
    model: str | None = None
    created_at: float = 0.0
    started_at: float | None = None
    finished_at: float | None = None
    reason: str = ""
    """One sanitized sentence for a person; empty when the outcome says it all."""
    mend: str = ""
    out_bytes: int = 0
    err_bytes: int = 0
    budget_usd: float | None = None
    """Its cap in US dollars."""
    thread_tokens: str = ""
    """Tokens of the whole thread at its end, `in/cached/out`, of an agent that names no price."""
    priced_as_of: str = ""
    """Date of the price table its cost was reckoned from; empty when the agent named the cost."""
    resets_at: float | None = None
    """When the limit that ended it is over, Unix seconds, if the agent said so."""

    @property
    def is_open(self) -> bool:
        """True until the run has reached a final state."""
        return self.state in OPEN_STATES


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One prompt or command sent to a target; it has one run per host."""

    id: str
    target: str
    """The expression as typed."""
    prompt: str
    agent: AgentName
    mode: Mode
    origin: Origin
    by: str
    """`user@host` who asked for it."""
    epoch: int
    created_at: float
    budget_usd: float | None = None
    """Cap per run, in US dollars."""
    timeout_seconds: float | None = None
    finished_at: float | None = None
    on_limit: OnLimit = "fail"
    opens: str = ""
    """What of the repository was let run: words with a space between them."""
    workdir: str = ""
    """The folder that was asked for; empty for each host's own."""
    mcp: str = ""
    """The MCP servers that its agents were given: names with a space between them."""


def mode_shown(agent: AgentName, mode: Mode) -> str:
    """Return what a person reads of a run's mode: modes are an agent's, a plain command has none.

    What programs read, log and JSON, keeps what the gate was asked: `unrestricted`.
    """
    return NO_MODE if agent == "shell" else mode


def exit_code_for(runs: Iterable[Run]) -> int:
    """Return the program's exit status for the worst of `runs`.

    0 all succeeded; 4 when a host could not be reached or was lost; 3 refused; else 1.
    """
    worst = 0
    rank = {0: 0, 1: 1, 3: 2, 4: 3}
    for run in runs:
        if run.state == "succeeded":
            code = 0
        elif run.outcome == "refused":
            code = 3
        elif run.state == "lost" or run.outcome in UNREACHED:
            code = 4
        else:
            code = 1
        worst = max(worst, code, key=rank.__getitem__)
    return worst
