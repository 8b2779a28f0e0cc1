"""All desks of a core, each imported and made when the screen first asks for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from concurrent.futures import Future

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.audit_control import AuditControl
    from fleet_tui.model.costs_control import CostsControl
    from fleet_tui.model.daemons_control import DaemonsControl
    from fleet_tui.model.doctor_control import DoctorControl
    from fleet_tui.model.history_control import HistoryControl
    from fleet_tui.model.managed_control import ManagedControl
    from fleet_tui.model.mcp_control import McpControl
    from fleet_tui.model.notices_control import NoticesControl
    from fleet_tui.model.peers_control import PeersControl
    from fleet_tui.model.queue_control import QueueControl
    from fleet_tui.model.roles_control import RolesControl
    from fleet_tui.model.threads_control import ThreadsControl

T = TypeVar("T")


class DeskSet(ABC):
    """The desks of `model.control.FleetControl`; the first paint waits for none of them."""

    @property
    @abstractmethod
    def _fleet(self) -> Fleet:
        """The fleet the desks work for."""

    @abstractmethod
    def _call(self, work: Coroutine[None, None, T]) -> Future[T]:
        """Run `work` on the core's loop."""

    @cached_property
    def audit(self) -> AuditControl:
        """The audit log."""
        from fleet_tui.desks.audit import AuditDesk

        return AuditDesk(self._call, self._fleet)

    @cached_property
    def notices(self) -> NoticesControl:
        """Notices, and the routes on which they leave."""
        from fleet_tui.desks.notices import NoticesDesk

        return NoticesDesk(self._call, self._fleet)

    @cached_property
    def peers(self) -> PeersControl:
        """Agent sessions and their messages."""
        from fleet_tui.desks.peers import PeersDesk

        return PeersDesk(self._call, self._fleet)

    @cached_property
    def costs(self) -> CostsControl:
        """What runs have cost."""
        from fleet_tui.desks.costs import CostsDesk

        return CostsDesk(self._call, self._fleet)

    @cached_property
    def daemons(self) -> DaemonsControl:
        """What runs by itself."""
        from fleet_tui.desks.daemons import DaemonsDesk

        return DaemonsDesk(self._call, self._fleet)

    @cached_property
    def doctor(self) -> DoctorControl:
        """What is wrong with hosts."""
        from fleet_tui.desks.doctor import DoctorDesk

        return DoctorDesk(self._call, self._fleet)

    @cached_property
    def managed(self) -> ManagedControl:
        """Sessions in the cloud."""
        from fleet_tui.desks.managed import ManagedDesk

        return ManagedDesk(self._call, self._fleet)

    @cached_property
    def mcp(self) -> McpControl:
        """The declared MCP servers."""
        from fleet_tui.desks.mcp import McpDesk

        return McpDesk(self._call, self._fleet)

    @cached_property
    def past(self) -> HistoryControl:
        """The runs of the past."""
        from fleet_tui.desks.history import HistoryDesk

        return HistoryDesk(self._call, self._fleet)

    @cached_property
    def threads(self) -> ThreadsControl:
        """The conversations agents keep on hosts."""
        from fleet_tui.desks.threads import ThreadsDesk

        return ThreadsDesk(self._call, self._fleet)

    @cached_property
    def roles(self) -> RolesControl:
        """Who leads, and letting another host lead."""
        from fleet_tui.desks.roles import RolesDesk

        return RolesDesk(self._call, self._fleet)

    @cached_property
    def queue(self) -> QueueControl:
        """The shared task queue."""
        from fleet_tui.desks.queue import QueueDesk

        return QueueDesk(self._call, self._fleet)
