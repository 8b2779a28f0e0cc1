"""What somebody asks of the fleet, before any gate has looked at it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet_tui.model.run import AgentName, Mode, OnLimit, Origin


@dataclass(frozen=True, slots=True)
class DispatchRequest:
    """A prompt or command for a target; None leaves the choice to host and defaults."""

    target: str
    prompt: str
    agent: AgentName | None = None
    mode: Mode | None = None
    origin: Origin = "operator"
    budget_usd: float | None = None
    """Cap per run."""
    timeout_seconds: float | None = None
    model: str | None = None
    session: str | None = None
    """An agent's session to go on with; the target is then its host alone."""
    workdir: str | None = None
    """The folder on the host; None for the host's own."""
    can_ask: bool = False
    """True when a person is there to answer what the agent asks."""
    stdin: bytes = b""
    named_hosts: frozenset[str] = frozenset()
    """Hosts the operator typed again by hand, as `unrestricted` asks."""
    on_limit: OnLimit | None = None
    """Whether runs that a limit ended go on by themselves once it is over."""
    opens: frozenset[str] = frozenset()
    """What of the repository may run, for this dispatch alone: `hooks`, `mcp`."""
    mcp: tuple[str, ...] = ()
    """The MCP servers of fleet.toml that the agent is given, by name."""
    forks: bool = False
    """True to go on in a copy of `session`, which itself stays as it is."""
    is_vouched_for: bool = False
    """A valid signature stands behind it (queue), or a person has confirmed it (other origins)."""
    name: str = ""
    """How fleet.toml calls what asks, when it is a daemon or a schedule."""
    run_id: str | None = None
    """The id of the one run, given beforehand by who must find it again after a crash; None: new.
    Starting it twice starts it once."""
    dispatch_id: str | None = None
    """The id of the dispatch, written down beforehand by who must know after a crash whether it was
    made; None: new. It is never given twice."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a request would do, for the composer; computed without I/O."""

    hosts: tuple[str, ...]
    folded: str
    """The hosts as ranges (`web[01-03]`)."""
    agent: AgentName | None = None
    """None when hosts differ in their agent."""
    mode: Mode | None = None
    problem: str = ""
    """Why it would be refused, one sentence; empty when it would start."""
    worst_case_usd: float | None = None
    """Hosts times budget; None when there is no cap."""
    cost: str = ""
    """The same in words, with what is left of the day; empty when it is free."""
