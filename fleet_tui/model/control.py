"""What a face may ask of the core. All calls return at once; futures resolve on the core's thread.

The core's thread implements this (`fleet_tui.runtime`); tests of the screen implement it with
recorded snapshots.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from fleet_tui.model.audit_control import AuditControl
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.costs_control import CostsControl
    from fleet_tui.model.daemons_control import DaemonsControl
    from fleet_tui.model.doctor_control import DoctorControl
    from fleet_tui.model.history_control import HistoryControl
    from fleet_tui.model.lines import LineSource, TimelineSource
    from fleet_tui.model.managed_control import ManagedControl
    from fleet_tui.model.mcp_control import McpControl
    from fleet_tui.model.notice import Notice
    from fleet_tui.model.notices_control import NoticesControl
    from fleet_tui.model.peers_control import PeersControl
    from fleet_tui.model.question import Answer
    from fleet_tui.model.queue_control import QueueControl
    from fleet_tui.model.request import DispatchRequest, Preview
    from fleet_tui.model.roles_control import RolesControl
    from fleet_tui.model.snapshot import DispatchView, FleetView, HostView, PartView, RunView
    from fleet_tui.model.threads_control import ThreadsControl


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since the last drain; of each thing only its newest picture."""

    fleet: FleetView | None
    hosts: Mapping[str, HostView]
    runs: Mapping[str, RunView]
    dispatches: Mapping[str, DispatchView]
    notices: tuple[Notice, ...]
    """Every notice, in order; a later one with the same id replaces the earlier (its count)."""
    parts: Mapping[type[PartView], PartView] = field(default_factory=dict)
    """The newest picture of each other part that changed, by its class."""

    @property
    def is_empty(self) -> bool:
        """True when nothing changed."""
        return not (
            self.fleet or self.hosts or self.runs or self.dispatches or self.notices or self.parts
        )


@dataclass(frozen=True, slots=True)
class GatheredGroup:
    """Runs that gave the same answer."""

    run_ids: tuple[str, ...]
    hosts: str
    """Folded names (`web[01-03],nas`)."""
    state: str
    lines: tuple[str, ...]
    """The answer, sanitized, at most the first 500 lines."""
    cut_lines: int = 0
    difference: tuple[str, ...] = ()
    """Unified diff against the largest group; empty for that group itself."""


class FleetControl(Protocol):
    """The core, seen from a face."""

    @property
    def config(self) -> FleetConfig:
        """The fleet as configured."""

    @property
    def queue(self) -> QueueControl:
        """The shared task queue."""

    @property
    def notices(self) -> NoticesControl:
        """Notices, and the routes on which they leave."""

    @property
    def peers(self) -> PeersControl:
        """Agent sessions and their messages."""

    @property
    def roles(self) -> RolesControl:
        """Who leads, and letting another host lead."""

    @property
    def audit(self) -> AuditControl:
        """The audit log."""

    @property
    def costs(self) -> CostsControl:
        """What runs have cost."""

    @property
    def daemons(self) -> DaemonsControl:
        """What runs by itself."""

    @property
    def doctor(self) -> DoctorControl:
        """What is wrong with hosts."""

    @property
    def managed(self) -> ManagedControl:
        """Sessions in the cloud."""

    @property
    def mcp(self) -> McpControl:
        """The declared MCP servers."""

    @property
    def past(self) -> HistoryControl:
        """The runs of the past."""

    @property
    def threads(self) -> ThreadsControl:
        """The conversations agents keep on hosts."""

    def drain(self) -> Changes:
        """Take what changed since the last call; never waits."""

    def preview(self, request: DispatchRequest) -> Preview:
        """Say what `request` would do; never raises for bad input, the problem is in the answer."""

    def dispatch(self, request: DispatchRequest) -> Future[str]:
        """Start it; resolves to the dispatch id once it is in the log, or raises FleetError."""

    def cancel(self, run_ids: Sequence[str]) -> Future[int]:
        """Stop these runs by the ladder; resolves to how many were still open."""

    def retry(self, run_ids: Sequence[str]) -> Future[str]:
        """Send the same prompt again to the hosts of these runs, as a new dispatch."""

    def connect(self, hosts: Sequence[str]) -> Future[None]:
        """Open (or re-open) connections now instead of after the back-off."""

    def answer(self, run_id: str, question_id: str, answer: Answer) -> Future[None]:
        """Answer what an agent asked; resolves once the host has it.

        Raises UsageError when it is not open any more, Unreachable while contact is lost.
        """

    def terminal(self, host: str, run_id: str | None = None) -> Future[tuple[str, ...]]:
        """Return the command that opens a terminal on a host: its shell, or a run's session.

        With a run the agent's own session is resumed there. Raises FleetError when it has none,
        still runs, or no OpenSSH client is here.
        """

    def resume(self, run_id: str, prompt: str) -> Future[str]:
        """Go on with a finished run's agent session; resolves to the new dispatch id."""

    def lines(self, run_id: str) -> LineSource:
        """Return the view of a run; raises KeyError for an unknown one."""

    def timeline(self, dispatch_id: str) -> TimelineSource:
        """Return a dispatch's merged order; raises KeyError for an unknown one."""

    def gather(self, dispatch_id: str) -> Future[tuple[GatheredGroup, ...]]:
        """Fold equal answers; largest group first."""

    def open_dispatch(self, dispatch_id: str) -> Future[DispatchView]:
        """Load a past dispatch, so that its runs, lines and timeline can be asked for."""

    def recent(self, limit: int = 100) -> Future[tuple[DispatchView, ...]]:
        """Return past dispatches, newest first; their runs come through `drain`."""

    def prompt_history(self, limit: int = 200) -> Future[tuple[str, ...]]:
        """Return what was dispatched before, newest first, without repeats."""
