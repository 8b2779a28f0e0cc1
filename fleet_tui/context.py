"""What every primitive is given of the fleet that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence
    from pathlib import Path

    from fleet_tui.journal import FleetLog, RunStore
    from fleet_tui.model.clock import Clock
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.events import EventBus
    from fleet_tui.model.host import HostFacts
    from fleet_tui.model.notice import Severity
    from fleet_tui.model.question import Answer, Question
    from fleet_tui.model.request import DispatchRequest
    from fleet_tui.model.run import AgentName, Run
    from fleet_tui.standing import Standing
    from fleet_tui.transport.base import Connection
    from fleet_tui.transport.pool import ConnectionPool


class FindsAgents(Protocol):
    """Knows where agents lie on hosts."""

    async def __call__(self, connection: Connection, agent: AgentName) -> str:
        """Return the agent's path there; raises Unreachable, FleetError when it is missing."""


class Tells(Protocol):
    """Raises a notice."""

    def __call__(self, key: str, severity: Severity, event: str, source: str, text: str) -> None:
        """Tell a person something; a later notice with the same key replaces it."""


class Started(Protocol):
    """A dispatch that has passed its gate."""

    @property
    def finished(self) -> Awaitable[tuple[Run, ...]]:
        """Resolves to its runs once all of them are over."""


class Dispatches(Protocol):
    """Starts a dispatch."""

    async def __call__(self, request: DispatchRequest) -> Started:
        """Return once it is in the log; raises TargetError, UsageError, Refused, JournalError."""


class Answers(Protocol):
    """Answers what an agent asked."""

    async def __call__(self, run_id: str, question_id: str, answer: Answer, by: str = "") -> None:
        """Return once the host has it; `by` says so, if not we. Raises UsageError, Refused."""


class Cancels(Protocol):
    """Ends runs."""

    async def __call__(self, run_ids: Sequence[str]) -> int:
        """Ask these runs to end; returns how many were still open."""


@dataclass(frozen=True, slots=True)
class FleetContext:
    """One open fleet: its configuration, journal, connections and bus. Belongs to its loop."""

    config: FleetConfig
    clock: Clock
    bus: EventBus
    log: FleetLog
    store: RunStore
    pool: ConnectionPool
    data_dir: Path
    """The state folder of this fleet, mode 0700; a primitive keeps its own files in it."""
    by: str
    """Who acts, `user@machine`, as the log writes it."""
    epoch: Callable[[], int]
    """The epoch this machine acts with."""
    new_id: Callable[[str], str]
    """Makes an identifier of a kind, `new_id("t")` -> `t-01J...`, ascending with time."""
    spawn: Callable[[Coroutine[None, None, None]], None]
    """Runs work beside everything else; it is cancelled when the fleet closes."""
    notice: Tells
    is_read_only: bool = False
    """This program may only look."""
    why_not_kept: str = ""
    """Why the state folder cannot be written, so that this program only looks; else empty."""
    require_keeping: Callable[[], None] = lambda: None
    """Raises Refused when what is about to be done could not be written down."""
    owner: str = ""
    """This program's sign of life, as `journal.owner` knows it."""
    find_agent: FindsAgents | None = None
    """None in a bare context."""
    dispatch: Dispatches | None = None
    """Starts a run through the gate, for parts that work by themselves; None in a bare context."""
    cancel: Cancels | None = None
    """Ends runs by the ladder."""
    standing: Standing | None = None
    """Whether this machine leads; None in a bare context."""
    adopt: Callable[[str, str], Awaitable[Run]] | None = None
    """Follows a run on a host that no record here knows; raises UsageError, Unreachable."""
    find_left_open: Callable[[], Awaitable[int]] | None = None
    """Follows the runs that programs of this machine left open; returns how many."""
    facts: Callable[[str], HostFacts | None] | None = None
    """What a host last said of itself."""
    questions: Callable[[str], tuple[Question, ...]] | None = None
    """What an open run of this program waits to be told, by its id."""
    answer: Answers | None = None
    """Answers what an agent asked."""
    tell_run: Callable[[str, str, str], Awaitable[None]] | None = None
    """Says something to a run of this program: run, an id of its own, text. Raises UsageError when
    that run does not listen (any more)."""
    run_echoed: Callable[[str, str], bool] | None = None
    """Tells whether a run of this program said back what it was told: run, id."""
