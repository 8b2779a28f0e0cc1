"""The composition root: opens every part from one configuration and owns the event bus."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import secrets
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.clock import SystemClock
from fleet_tui.config import data_dir, log_path
from fleet_tui.context import FleetContext
from fleet_tui.dispatch.admission import Admission
from fleet_tui.dispatch.archive import Archive
from fleet_tui.dispatch.cancelling import Canceller
from fleet_tui.dispatch.closing import Closer
from fleet_tui.dispatch.conversation import answer_entry
from fleet_tui.dispatch.dispatcher import Dispatcher, DispatchServices
from fleet_tui.dispatch.housekeeping import Housekeeping
from fleet_tui.dispatch.ladder import Patience
from fleet_tui.dispatch.output import OutputDesk
from fleet_tui.dispatch.recovery import Recovery, Who
from fleet_tui.dispatch.runtask import RunServices
from fleet_tui.dispatch.sessions import Sessions
from fleet_tui.dispatch.spending import Spending
from fleet_tui.dispatch.statekeeper import StateKeeper
from fleet_tui.health.arrivals import Arrivals
from fleet_tui.health.doctor import Doctor
from fleet_tui.health.facts import FactsKeeper
from fleet_tui.journal import FleetLog, sign_in
from fleet_tui.journal.head_place import head_path
from fleet_tui.mcp.granting import McpGrants
from fleet_tui.model.errors import JournalError, Refused, UsageError
from fleet_tui.model.events import EventBus, LinkChanged, NoticeRaised
from fleet_tui.model.ids import ulid
from fleet_tui.model.notice import Notice
from fleet_tui.model.text import one_line
from fleet_tui.notify import NoticeWatch
from fleet_tui.parts import Parts
from fleet_tui.standing import Standing
from fleet_tui.transport.pool import ConnectionPool

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Sequence

    from fleet_tui.dispatch.dispatcher import LiveDispatch
    from fleet_tui.dispatch.runtask import RunTask
    from fleet_tui.health.doctor_findings import HostReport
    from fleet_tui.model.clock import Clock
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import HostFacts, LinkStatus
    from fleet_tui.model.notice import Severity
    from fleet_tui.model.question import Answer
    from fleet_tui.model.request import DispatchRequest, Preview

NAMES_AT_ONCE = 64
"""Threads in which host names are looked up; asyncio's default would be six here."""


class Fleet:
    """One fleet, opened. All methods belong to the loop that called `open`."""

    def __init__(
        self,
        config: FleetConfig,
        *,
        clock: Clock | None = None,
        patience: Patience | None = None,
        is_read_only: bool = False,
        passphrase: Callable[[str], str | None] | None = None,
    ) -> None:
        self.config = config
        self.clock = clock or SystemClock()
        self.bus = EventBus()
        self.is_read_only = is_read_only
        self.why_not_kept = ""
        """Why the state folder cannot be written, once it is open: then the fleet only looks."""
        self.data_dir = data_dir(config)
        self.log_path = log_path(config)
        self.by = f"{getpass.getuser()}@{socket.gethostname()}"
        self.standing = Standing(config, self.data_dir)
        self._patience = patience or Patience()
        self._passphrase = passphrase
        self._tasks: set[asyncio.Task[None]] = set()
        self._grew: list[Callable[[Iterable[str]], None]] = []

    @property
    def epoch(self) -> int:
        """The epoch this machine acts with."""
        return self.standing.epoch

    def require_leading(self) -> None:
        """Raise Refused when this machine may only look, or another one leads."""
        self.require_keeping()
        if self.is_read_only:
            raise Refused("this program is read-only", mend="start it without --read-only")
        self.standing.require_leading(self.clock.time())

    @property
    def told_not_kept(self) -> str:
        """Say in one line what works where the state folder cannot be written; else empty."""
        told = "looking works, dispatching is refused; free space or set data_dir"
        return f"{self.why_not_kept}: {told}" if self.why_not_kept else ""

    def require_keeping(self) -> None:
        """Raise Refused when what is done could not be written down."""
        if self.why_not_kept:
            raise Refused(
                f"nothing is begun: {self.why_not_kept}", mend="free space or set data_dir"
            )

    async def open(self) -> None:
        """Open journal and pool, and close what a crashed program left open in the log.

        Connects to nothing. Where the state folder cannot be written it is opened to look only, and
        `why_not_kept` says so. Raises JournalError.
        """
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(NAMES_AT_ONCE))
        signed_in = sign_in(self.data_dir)
        self.owner, self.store = signed_in.owner, signed_in.store
        self.why_not_kept = signed_in.why_not_kept
        self.is_read_only = self.is_read_only or bool(self.why_not_kept)
        head = head_path(self.data_dir, self.log_path)
        self.log = FleetLog(self.log_path, clock=self.clock, head=head, epoch=lambda: self.epoch)
        self.spending = Spending(self.store, self.clock)
        self.spending.now()
        self._facts = FactsKeeper(self.data_dir / "hosts.toml", self.clock, self.bus.publish)
        self.pool = ConnectionPool(
            self.config,
            clock=self.clock,
            on_status=lambda status: self.bus.publish(LinkChanged(status)),
            passphrase=self._passphrase,
        )
        self.desk = OutputDesk(self.clock, self._output_flushed)
        self._dispatcher = self._make_dispatcher()
        who = Who(self.owner.id, self.by, lambda: self.epoch)
        self._canceller = Canceller(self._dispatcher, self.log, self.store, who, self._spawn)
        self._sessions = Sessions(self.config, self.store, self.pool, self._facts.agent_path)
        self._housekeeping = Housekeeping(
            self.data_dir, self.store, self.log, self.clock, self.config.defaults
        )
        self.archive = Archive(self.data_dir, self.store, self.live)
        self._keeper = StateKeeper(self.store)
        self.bus.subscribe(self._keeper.heard)
        self.bus.subscribe(NoticeWatch(self.clock, self.bus.publish).heard)
        self.recovery = self._make_recovery(who)
        self.parts = Parts(self._context())
        if not self.why_not_kept:
            await self.recovery.close_what_was_left_open()

    async def close(self) -> None:
        """Write everything and let every connection go.

        Runs that live on their hosts are left alone and found again at the next start; others are
        ended by the ladder.
        """
        self.parts.leave()
        tasks = [task for live in self._dispatcher.live for task in live.tasks.values()]
        bound = [task for task in tasks if task.run.is_open and not task.outlives_us]
        self._dispatcher.cancel(task.run.id for task in bound)
        await asyncio.gather(*(task.closed.wait() for task in bound))
        endings = [live.finished for live in self._dispatcher.live]
        for ending in endings:
            ending.cancel()
        await asyncio.gather(*endings, return_exceptions=True)
        for other in tuple(self._tasks):
            other.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.parts.close()
        await self.pool.close()
        self.desk.close()
        self._keeper.write()
        self.log.close()
        self.store.close()
        self.owner.release()

    # --- dispatch ---------------------------------------------------------------------------

    def preview(self, request: DispatchRequest) -> Preview:
        """Say what `request` would do, without I/O."""
        return self._dispatcher.preview(request)

    async def dispatch(self, request: DispatchRequest) -> LiveDispatch:
        """Start `request`; raises TargetError, UsageError, Refused, JournalError."""
        if self.why_not_kept:
            with contextlib.suppress(JournalError):  # the log cannot tell it either
                await self._dispatcher.dispatch(request)
            self.require_keeping()
        if self.standing.has_mirror:
            await self.parts.roles.ready()
        live = await self._dispatcher.dispatch(request)
        self._canceller.watch()
        if live.dispatch.on_limit == "wait":
            _ = self.parts.parking  # from now on it hears how runs end
        return live

    def live(self, dispatch_id: str) -> LiveDispatch | None:
        """Return a dispatch that has open runs in this program."""
        return next((x for x in self._dispatcher.live if x.dispatch.id == dispatch_id), None)

    async def cancel(self, run_ids: Sequence[str]) -> int:
        """End these runs by the ladder; those of other programs are asked for.

        Returns how many were still open. Raises Refused on any machine but the primary.
        """
        self.require_leading()
        released = self.parts.parking.release(run_ids)
        return await self._canceller.cancel(run_ids) + len(released)

    async def retry(self, run_ids: Sequence[str]) -> LiveDispatch:
        """Send the prompt of these runs again to their hosts; raises UsageError and the gate's."""
        return await self.dispatch(self._sessions.again(run_ids))

    async def resume(
        self, run_id: str, prompt: str, *, forks: bool = False, keeps_servers: bool = True
    ) -> LiveDispatch:
        """Go on with the session of an ended run, or with a copy; raises UsageError, Refused.

        With `keeps_servers` its agent is given the same MCP servers again.
        """
        request = await self._sessions.onward(run_id, prompt, forks=forks)
        return await self.dispatch(request if keeps_servers else replace(request, mcp=()))

    async def answer(self, run_id: str, question_id: str, answer: Answer, by: str = "") -> None:
        """Answer what an agent asked; returns once the host has it. Raises UsageError."""
        self.require_leading()
        task = self._dispatcher.task(run_id)
        if task is None or task.conversation is None:
            raise UsageError("nobody waits for this answer any more")
        entry = answer_entry(task.run, question_id, answer, by or self.by, self.epoch)
        await self.log.append([entry], durable=True)
        await task.conversation.answer(question_id, answer)

    async def terminal(self, host_name: str, run_id: str | None = None) -> tuple[str, ...]:
        """Return the command that opens a shell on a host, or takes up a run's session there.

        Raises UsageError, Unreachable, and FleetError when the agent or OpenSSH is missing.
        """
        return await self._sessions.terminal(host_name, run_id)

    # --- hosts ------------------------------------------------------------------------------

    def link(self, host: str) -> LinkStatus:
        """Return how we stand with a host."""
        return self.pool.status(host)

    def facts(self, host: str) -> HostFacts | None:
        """Return what a host last said of itself."""
        return self._facts.known(host)

    async def probe(self, host: str) -> HostFacts:
        """Connect if needed and ask the host what it is; raises Unreachable or FleetError."""
        return await self._facts.probe(await self.pool.connection(host))

    async def doctor(self, hosts: Sequence[str]) -> tuple[HostReport, ...]:
        """Examine these hosts, this machine, and what hosts share; changes nothing."""
        queue = self.parts.queue_condition
        doctor = Doctor(self.config, self.pool, self.clock, queue, self.why_not_kept)
        return await doctor.examine(hosts)

    def keep_connected(self) -> None:
        """Connect to every host, and again after every loss, until the fleet is closed."""
        arrivals = Arrivals(self.pool, self._facts, self._housekeeping, self._spawn, self.notice)
        self.bus.subscribe(arrivals.heard)
        if not self.why_not_kept:
            self._spawn(self._housekeeping.tidy_daily())
        self._spawn(self.parts.start())
        self.pool.keep([host.name for host in self.config.hosts])

    # --- what was said ----------------------------------------------------------------------

    def task(self, run_id: str) -> RunTask | None:
        """Return the task of an open run of this program."""
        return self._dispatcher.task(run_id)

    def on_output(self, listener: Callable[[Iterable[str]], None]) -> None:
        """Call `listener` with the ids of runs whose lines on disk have grown."""
        self._grew.append(listener)

    def notice(self, key: str, severity: Severity, event: str, source: str, text: str) -> None:
        """Tell a person something; a later notice with the same key replaces it."""
        self.bus.publish(
            NoticeRaised(
                Notice(key, self.clock.time(), severity, event, source, one_line(text, 500))
            )
        )

    # --- inside -----------------------------------------------------------------------------

    def _context(self) -> FleetContext:
        return FleetContext(
            config=self.config,
            clock=self.clock,
            bus=self.bus,
            log=self.log,
            store=self.store,
            pool=self.pool,
            data_dir=self.data_dir,
            by=self.by,
            epoch=lambda: self.epoch,
            new_id=self._new_id,
            spawn=self._spawn,
            notice=self.notice,
            owner=self.owner.id,
            is_read_only=self.is_read_only,
            why_not_kept=self.why_not_kept,
            require_keeping=self.require_keeping,
            find_agent=self._facts.agent_path,
            dispatch=self.dispatch,
            cancel=self.cancel,
            standing=self.standing,
            adopt=self.recovery.adopt,
            find_left_open=self.recovery.find_left_open,
            facts=self.facts,
            questions=self._dispatcher.questions,
            answer=self.answer,
            tell_run=self._dispatcher.tell,
            run_echoed=self._dispatcher.has_echoed,
        )

    def _make_dispatcher(self) -> Dispatcher:
        grants = McpGrants(self.config)
        admission = Admission(
            self.config,
            self.spending,
            is_read_only=self.is_read_only,
            require_keeping=self.require_keeping,
            standing=lambda what, on: self.standing.may_begin(what, on, self.clock.time()),
            grants=grants,
        )
        return Dispatcher(
            admission,
            DispatchServices(
                log=self.log,
                store=self.store,
                closer=Closer(self.log, self.store, self.bus.publish),
                desk=self.desk,
                data_dir=self.data_dir,
                owner=self.owner.id,
                by=self.by,
                epoch=lambda: self.epoch,
                new_id=self._new_id,
            ),
            RunServices(
                connector=self.pool,
                find_agent=self._facts.agent_path,
                forget_agent=self._facts.forget,
                clock=self.clock,
                publish=self.bus.publish,
                patience=self._patience,
                epoch=lambda: self.epoch,
                tokens=grants.tokens,
                environment=lambda host: self.parts.environment(host),
            ),
        )

    def _make_recovery(self, who: Who) -> Recovery:
        return Recovery(
            self.config,
            log_path=self.log_path,
            data_dir=self.data_dir,
            log=self.log,
            store=self.store,
            clock=self.clock,
            connector=self.pool,
            housekeeping=self._housekeeping,
            dispatcher=self._dispatcher,
            who=who,
            on_found=self._canceller.watch,
            may_follow=lambda: self.standing.verdict(self.clock.time()) == "leads",
        )

    def _new_id(self, kind: str) -> str:
        return f"{kind}-{ulid(int(self.clock.time() * 1000), secrets.randbits(80))}"

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _output_flushed(self, runs: list[str]) -> None:
        for listener in self._grew:
            listener(runs)
