"""What the screen is shown: immutable pictures of the fleet's state, made by the core."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from fleet_tui.model.agent import AgentActivity
    from fleet_tui.model.host import Host, HostFacts, LinkStatus, Role
    from fleet_tui.model.question import Question
    from fleet_tui.model.run import Dispatch, Run
    from fleet_tui.model.sgr import Colours

LineTag = Literal["o", "e", "t", "k", "c", "r", "m", "q", "d", "x", "a"]
"""What a line of a run's view is: `o` stdout, `e` stderr, `t` answer text, `k` thinking, `c` tool
call, `r` tool result, `m` note of ours or of the agent's start, `q` question, `d` denial,
`x` error, `a` the final answer's summary line."""


@dataclass(frozen=True, slots=True)
class PartView:
    """A picture of one part of the fleet beside hosts and runs; of each kind the newest counts.

    The queue, the peers, the roles and their like derive from it, each in its own module.
    """


@dataclass(frozen=True, slots=True)
class ViewLine:
    """One line of a run's view; `text` is sanitized and holds no newline."""

    tag: LineTag
    text: str
    colours: Colours = ()
    """How the host coloured it."""


@dataclass(frozen=True, slots=True)
class HostView:
    """A row of the hosts pane."""

    host: Host
    link: LinkStatus
    facts: HostFacts | None = None
    open_runs: int = 0
    cost_today_usd: float = 0.0


@dataclass(frozen=True, slots=True)
class RunView:
    """A run with what is known of it this moment."""

    run: Run
    activity: AgentActivity = "unknown"
    doing: str = ""
    lines: int = 0
    """Lines of the view that can be read."""
    tail: ViewLine | None = None
    """The unfinished last line, while it grows."""
    last_output_at: float | None = None
    contact_lost_at: float | None = None
    """Since when the run is on its own on its host, Unix seconds; None while we hear it."""
    is_cancelling: bool = False
    parked_until: float | None = None
    """When a run that a limit ended goes on by itself, Unix seconds; None when it does not."""
    questions: tuple[Question, ...] = ()
    """What the agent waits for a person to answer, oldest first."""


@dataclass(frozen=True, slots=True)
class DispatchView:
    """A dispatch and the ids of its runs, in the target's order."""

    dispatch: Dispatch
    run_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FleetView:
    """The status line."""

    name: str
    this_host: str
    role: Role | None
    epoch: int
    hosts_total: int
    hosts_up: int
    open_runs: int
    cost_today_usd: float
    cost_is_complete: bool
    """False when a run of today ended without its cost being known."""
    cap_today_usd: float | None = None
    is_demo: bool = False
    is_read_only: bool = False
    log_path: str = ""
    notes: tuple[str, ...] = field(default_factory=tuple)
    """Standing warnings, one sentence each."""
    why_not_kept: str = ""
    """Why the state folder cannot be written, and the mend; empty when it can."""
