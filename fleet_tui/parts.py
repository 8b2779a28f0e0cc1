"""The parts of a fleet beside remote invocation, each opened when it is first asked for."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeVar

from fleet_tui.model.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.context import FleetContext
    from fleet_tui.dispatch.parking import Parking
    from fleet_tui.handoff.service import HandoffDesk
    from fleet_tui.handoff.threads import ThreadReader
    from fleet_tui.health.beats import Beats
    from fleet_tui.health.check_queue import QueueCondition
    from fleet_tui.health.daemons import Daemons
    from fleet_tui.managed.service import ManagedAgents
    from fleet_tui.mcp.service import McpServers
    from fleet_tui.model.task import Beat
    from fleet_tui.notify.desk import NoticeDesk
    from fleet_tui.peers.service import PeerService
    from fleet_tui.queue.service import Queue
    from fleet_tui.roles.service import Roles


class Part(Protocol):
    """What every part can do. A part does nothing by itself before `start`."""

    async def start(self) -> None:
        """Begin what it does by itself while the screen or a daemon runs; returns at once."""

    async def close(self) -> None:
        """Write everything and end; called once, on the fleet's loop."""


P = TypeVar("P", bound=Part)


class Parts:
    """Opens parts on demand, starts those that run by themselves, and closes what was opened.

    Each part is a `cached_property` here, and imported inside it: a command pays for no part but
    its own.
    """

    def __init__(self, context: FleetContext) -> None:
        self._context = context
        self._open: list[Part] = []
        self._is_started = False

    async def start(self) -> None:
        """Start what runs by itself while the fleet is led from here."""
        self._is_started = True
        from fleet_tui.health.daemons_settings import has_duties
        from fleet_tui.queue.open import has_queue

        _ = self.peers
        if not self._context.why_not_kept:  # what they do must be written down
            _ = self.roles
            _ = self.parking
        _ = self.beats
        _ = self.notices
        _ = self.mcp
        if has_queue(self._context.config):
            try:
                _ = self.queue
            except FleetError as error:  # a backend that is not installed stops nothing else
                self._context.notice("queue", "error", "queue-failed", "fleet", str(error))
        if has_duties(self._context.config):
            _ = self.daemons
        if "managed" in self._context.config.sections and not self._context.why_not_kept:
            try:
                _ = self.managed
            except FleetError as error:  # nor does an address that nothing may be sent to
                self._context.notice("managed", "error", "managed-failed", "fleet", str(error))
        for part in tuple(self._open):
            await part.start()

    def environment(self, host: str) -> dict[str, str]:
        """Return the variables by which runs on a host reach the parts."""
        has_receiver = "receiver" in self._context.config.sections
        return self.notices.ways.variables_for(host) if has_receiver else {}

    def leave(self) -> None:
        """Say that the fleet is about to close, before runs are ended for that."""
        if "queue" in self.__dict__:
            self.queue.leave()
        if "daemons" in self.__dict__:
            self.daemons.leave()

    async def close(self) -> None:
        """Close every part that was opened, the newest first."""
        while self._open:
            await self._open.pop().close()

    @cached_property
    def parking(self) -> Parking:
        """Runs that wait for the end of a limit."""
        from fleet_tui.dispatch.parking import Parking

        return self._opened(Parking(self._context))

    @cached_property
    def handoff(self) -> HandoffDesk:
        """Sessions that move between hosts."""
        from fleet_tui.handoff.service import HandoffDesk

        return HandoffDesk(self._context)

    @cached_property
    def threads(self) -> ThreadReader:
        """The conversations that agents keep on their hosts."""
        from fleet_tui.handoff.threads import ThreadReader

        return ThreadReader(self._context.pool)

    @cached_property
    def peers(self) -> PeerService:
        """The agent sessions on the hosts, and what they say to each other."""
        from fleet_tui.peers.service import PeerService

        return self._opened(PeerService(self._context))

    @cached_property
    def roles(self) -> Roles:
        """Who leads the fleet: mirrors, promotion, and the log on its way to other machines."""
        from fleet_tui.roles.service import Roles

        return self._opened(Roles(self._context))

    @cached_property
    def notices(self) -> NoticeDesk:
        """Where notices go besides the screen."""
        from fleet_tui.notify.desk import NoticeDesk

        return self._opened(NoticeDesk(self._context))

    @cached_property
    def mcp(self) -> McpServers:
        """The MCP servers that fleet.toml declares."""
        from fleet_tui.mcp.service import McpServers

        return self._opened(McpServers(self._context))

    @cached_property
    def queue(self) -> Queue:
        """The shared task queue; raises QueueError when fleet.toml has none."""
        from fleet_tui.queue.open import store_for
        from fleet_tui.queue.service import Queue

        context = self._context
        return self._opened(Queue(context, store_for(context.config, context.pool, context.clock)))

    @cached_property
    def daemons(self) -> Daemons:
        """What runs by itself: daemons and schedules."""
        from fleet_tui.health.daemons import Daemons

        parking, roles = self.parking, self.roles
        return self._opened(Daemons(self._context, take_up=parking.take_up, ready=roles.ready))

    @cached_property
    def managed(self) -> ManagedAgents:
        """The sessions in the cloud; raises UsageError when fleet.toml has none."""
        from fleet_tui.managed.service import ManagedAgents

        return self._opened(ManagedAgents(self._context))

    @cached_property
    def beats(self) -> Beats:
        """The heartbeats of workers, mirror pulls and daemons."""
        from fleet_tui.health.beats import Beats
        from fleet_tui.queue.open import has_queue

        watches = {"queue": self._queue_beats} if has_queue(self._context.config) else {}
        return self._opened(Beats(self._context, watches))

    async def queue_condition(self) -> QueueCondition | None:
        """Look at the queue, and say what it lacks; None where fleet.toml has none."""
        from fleet_tui.health.check_queue import QueueCondition
        from fleet_tui.queue.open import backend_of, has_queue

        config = self._context.config
        if not has_queue(config):
            return None
        backend = backend_of(config)
        try:
            await self.queue.find()
        except FleetError as error:
            return QueueCondition(backend, error)
        return QueueCondition(backend, self.queue.unfit, self.queue.store.weaknesses)

    async def _queue_beats(self) -> Sequence[Beat]:
        if self._is_started and not self._context.is_read_only:
            await self.queue.open()
        return await self.queue.heartbeats()

    def _opened(self, part: P) -> P:
        """Remember a part, so that it is closed; to be called once by each property."""
        self._open.append(part)
        return part
