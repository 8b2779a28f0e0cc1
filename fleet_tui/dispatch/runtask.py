"""The life of one run: connect, find the agent, start, watch, judge."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from fleet_tui.dispatch.conversation import Conversation
from fleet_tui.dispatch.following import FollowedProcess
from fleet_tui.dispatch.given import leave_tokens, no_tokens, take_tokens_back, wrapped
from fleet_tui.dispatch.host_gate import ask_gate
from fleet_tui.dispatch.judging import Stopping, final_state
from fleet_tui.dispatch.limits import Limits
from fleet_tui.dispatch.moved_gate import ask_tombstone
from fleet_tui.dispatch.stopping import Stopper
from fleet_tui.model.errors import FleetError, Refused, Unreachable
from fleet_tui.model.events import RunChanged
from fleet_tui.transport.durable import DurableSpec
from fleet_tui.transport.shell import posix_line, powershell_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from fleet_tui.agents.base import Dialogue
    from fleet_tui.dispatch.judging import StopReason
    from fleet_tui.dispatch.ladder import Patience
    from fleet_tui.dispatch.plan import RunPlan
    from fleet_tui.dispatch.recorder import RunRecorder
    from fleet_tui.model.clock import Clock
    from fleet_tui.model.events import Event
    from fleet_tui.model.mcp_run import AgentServer
    from fleet_tui.model.run import AgentName, Outcome, Run, RunState
    from fleet_tui.transport.base import Connection, Connector, ExitStatus, Process


@dataclass(frozen=True, slots=True)
class RunServices:
    """What every run needs of the core."""

    connector: Connector
    find_agent: Callable[[Connection, AgentName], Awaitable[str]]
    """Returns the absolute path of an agent on a host; raises FleetError when it has none."""
    forget_agent: Callable[[str], None]
    """Called with a host's name when the path proved wrong."""
    clock: Clock
    publish: Callable[[Event], None]
    patience: Patience
    epoch: Callable[[], int]
    tokens: Callable[[Sequence[AgentServer]], Awaitable[Mapping[str, str]]] = no_tokens
    """Returns the bearer tokens of MCP servers, by variable; raises Refused."""
    environment: Callable[[str], Mapping[str, str]] = lambda _host: {}
    """Variables that a run on a host gets beside the agent's and the host's own."""


class RunTask:
    """Carries one plan out; `run` is always its newest record."""

    def __init__(
        self,
        plan: RunPlan,
        run: Run,
        recorder: RunRecorder,
        services: RunServices,
        dialogue: Dialogue | None = None,
    ) -> None:
        self.plan = plan
        self.run = run
        self.recorder = recorder
        self._unsaid = b""
        """What a replayed dialogue had not been able to say before contact was lost."""
        self._dialogue = dialogue
        self.conversation: Conversation | None = None
        """With an agent that can ask, while it runs."""
        self.closed = asyncio.Event()
        """Set once the run's closing line is written, or cannot be."""
        self.contact_lost_at: float | None = None
        """Unix time since which the run is on its own; None while we hear it."""
        self._services = services
        self._stopper = Stopper(plan.adapter.interrupt, services.patience, recorder.note)
        self._connecting: asyncio.Task[Connection] | None = None

    @property
    def can_ask(self) -> bool:
        """True when the agent may ask a person while it runs."""
        return self._dialogue is not None

    @property
    def is_stopping(self) -> bool:
        """True once the run is being ended."""
        return self._stopper.why is not None

    @property
    def is_asking(self) -> bool:
        """True while the agent waits for a person's answer."""
        return self._dialogue is not None and bool(self._dialogue.questions)

    def replay(self, folder: Path) -> None:
        """Learn from the spool in `folder` where the run of a program that is gone stands."""
        if self._dialogue is None:
            self.recorder.replay(folder)
            return
        self._dialogue.begin_replay()
        self.recorder.replay(folder)
        self._unsaid = self._dialogue.end_replay()

    @property
    def outlives_us(self) -> bool:
        """True once the run is on a host that keeps it without us."""
        return self.plan.host.keeps_runs and self.run.state == "running" and not self.is_stopping

    def request_stop(self, why: StopReason) -> bool:
        """End the run by the ladder; False when it is already over or being ended."""
        if not self.run.is_open or not self._stopper.request(why):
            return False
        if self._connecting is not None:
            self._connecting.cancel()
        self._services.publish(RunChanged(self.run))
        return True

    def _stop_for_wrong_rights(self) -> None:
        self.request_stop("wrong-rights")

    async def execute(self) -> tuple[Run, str]:
        """Run to the end; returns the final record and the answer. Never raises FleetError."""
        self.recorder.on_must_stop = self._stop_for_wrong_rights
        try:
            return await self._carry_out()
        except Unreachable as error:
            host_key = error.fault.startswith("hostkey")
            return self._failed("host-key" if host_key else "connect", error), ""
        except FleetError as error:
            return self._failed(self._outcome_of(error), error), ""

    async def adopt(self) -> tuple[Run, str]:
        """Find a run again that another program started, and follow it to its end."""
        self.recorder.on_must_stop = self._stop_for_wrong_rights
        self._contact_changed(self.run.started_at or self.run.created_at)
        process = self._followed(None)
        self._move("running", started_at=self.run.started_at or self.run.created_at)
        return await self._lead(process, self._unsaid)

    async def _carry_out(self) -> tuple[Run, str]:
        connection = None if self.is_stopping else await self._reach()
        if connection is None:
            return self._stopped_early(), ""
        login = await ask_gate(connection, self.plan.host, self.plan.case)
        await ask_tombstone(connection, self.plan.request)
        line, stdin = await self._command(connection, is_root=login not in ("unasked", "user"))
        tokens = await self._services.tokens(self.plan.request.servers)
        if self.is_stopping:
            return self._stopped_early(), ""
        self.recorder.on_first = self._begun
        process = await self._start_with(tokens, connection, line, stdin)
        self._begun()
        opening = b"" if self._dialogue is None else self._dialogue.opening()
        return await self._lead(process, opening)

    def _begun(self) -> None:
        """Be `running` from the first byte on, which may come before the launch has returned."""
        if self.run.state in ("queued", "connecting"):
            session = self.plan.request.session or None
            self._move("running", started_at=self._services.clock.time(), session=session)

    async def _lead(self, process: Process, first: bytes) -> tuple[Run, str]:
        """Speak with the agent if it can ask, and watch the run to its end."""
        if self._dialogue is not None:
            clock, host = self._services.clock, self.plan.host.name
            self.conversation = Conversation(self._dialogue, process, host, clock)
            self.recorder.on_read = self.conversation.pump
            self.conversation.begin(first)
        try:
            status = await self._watch(process)
        finally:
            if self.conversation is not None:
                self.conversation.end()
        self.recorder.end()
        return self._judge(status)

    async def _start_with(
        self,
        tokens: Mapping[str, str],
        connection: Connection,
        line: str,
        stdin: bytes | Literal["open"] | None,
    ) -> Process:
        """Start with these tokens in the environment; none is left there when it fails."""
        if not tokens:
            return await self._start(connection, line, stdin)
        await leave_tokens(connection, self.run.id, tokens)
        try:
            return await self._start(connection, line, stdin)
        except FleetError:
            if connection.is_open:
                await take_tokens_back(connection, self.run.id)
            raise

    async def _start(
        self, connection: Connection, line: str, stdin: bytes | Literal["open"] | None
    ) -> Process:
        if not self.plan.host.keeps_runs:
            return await connection.start(line, self.recorder, stdin=stdin)
        followed = self._followed(
            DurableSpec(
                self.run.id,
                line,
                stdin,
                epoch=self._services.epoch(),
                meta=f"{self.run.dispatch} {self.run.agent} {self.run.mode}",
            )
        )
        try:
            await followed.contact(connection)
        except Unreachable as error:  # its answer was lost: it may have started
            self._contact_changed(self._services.clock.time())
            self.recorder.note(f"contact was lost while starting: {error.what}")
        return followed

    def _followed(self, spec: DurableSpec | None) -> FollowedProcess:
        services = self._services
        return FollowedProcess(
            self.recorder, services.connector, services.clock, self._contact_changed, spec
        )

    def _contact_changed(self, lost_at: float | None) -> None:
        if lost_at != self.contact_lost_at:
            self.contact_lost_at = lost_at
            self.recorder.heard_monotonic = self._services.clock.monotonic()
            self._services.publish(RunChanged(self.run))

    async def _reach(self) -> Connection | None:
        """Return the open connection or a new one; None when the run was stopped meanwhile."""
        connection = self._services.connector.warm(self.plan.host.name)
        if connection is not None:
            return connection
        self._move("connecting")
        return await self._connect()

    async def _connect(self) -> Connection | None:
        """Return the connection, or None when the run was stopped while it was being made."""
        self._connecting = asyncio.create_task(
            _connection(self._services.connector, self.plan.host.name)
        )
        try:
            return await self._connecting
        except asyncio.CancelledError:
            if not self.is_stopping:
                self._connecting.cancel()
                raise
            return None
        finally:
            self._connecting = None

    async def _command(
        self, connection: Connection, *, is_root: bool
    ) -> tuple[str, bytes | Literal["open"] | None]:
        plan = self.plan
        binary = ""
        if plan.adapter.name != "shell":
            binary = await self._services.find_agent(connection, plan.adapter.name)
        request = replace(plan.request, binary=binary, is_root=is_root)
        command = plan.adapter.command(request)
        write_line = powershell_line if plan.host.shell == "powershell" else posix_line
        line = write_line(
            argv=wrapped(command.argv, self.run.id, request.servers) or None,
            script=command.script,
            cwd=plan.request.workdir,
            env={**self._services.environment(plan.host.name), **command.env, **plan.host.env},
        )
        return line, "open" if command.keeps_stdin_open else command.stdin

    async def _watch(self, process: Process) -> ExitStatus:
        limits = self._limits()
        try:
            return await self._stopper.watch(process)
        finally:
            limits.cancel()

    def _limits(self) -> Limits:
        plan, clock, recorder = self.plan, self._services.clock, self.recorder
        recorder.heard_monotonic = clock.monotonic()
        left = None
        if plan.timeout:
            left = max(plan.timeout - (clock.time() - (self.run.started_at or 0.0)), 0.0)
        return Limits(
            time_left=left,
            stall_after=plan.stall_after,
            silent_for=lambda: clock.monotonic() - recorder.heard_monotonic,
            is_excused=lambda: self.contact_lost_at is not None or self.is_asking,
            stop=self.request_stop,
        )

    def _judge(self, status: ExitStatus) -> tuple[Run, str]:
        verdict = self.recorder.parser.finish(status)
        self.recorder.conclude(verdict)
        if verdict.outcome == "agent-missing":
            self._services.forget_agent(self.plan.host.name)
        stopping = None
        if self._stopper.has_signalled and self._stopper.why is not None:
            stopping = Stopping(self._stopper.why, self.plan.timeout, self.plan.stall_after)
        state, outcome, reason = final_state(
            status,
            verdict,
            stopping,
            speaks_events=self.recorder.speaks_events,
            is_durable=self.plan.host.keeps_runs,
        )
        ended = replace(
            self.run,
            state=state,
            outcome=outcome,
            reason=reason,
            mend=verdict.mend if state == "failed" else "",
            exit_status=status.code,
            exit_signal=status.signal,
            cost_usd=verdict.cost_usd,
            session=verdict.session or self.run.session,
            model=verdict.model or self.run.model,
            thread_tokens=str(verdict.thread_tokens or ""),
            priced_as_of=verdict.priced_as_of,
            resets_at=verdict.resets_at,
        )
        return self._finish(ended), verdict.answer

    def _outcome_of(self, error: FleetError) -> Outcome:
        if isinstance(error, Refused):
            return "refused"
        return "usage" if error.exit_code == 2 else "agent-missing"

    def _stopped_early(self) -> Run:
        reason = "cancelled before it started"
        return self._finish(replace(self.run, state="cancelled", outcome="killed", reason=reason))

    def _failed(self, outcome: Outcome, error: FleetError) -> Run:
        self.recorder.note(f"{error.what} ({error.mend})" if error.mend else error.what)
        return self._finish(
            replace(
                self.run,
                state="failed",
                outcome=outcome,
                reason=error.what,
                mend=error.mend or "",
            )
        )

    def _finish(self, run: Run) -> Run:
        """Set the final record; the closer announces it once its line is written."""
        is_free = self.plan.adapter.name == "shell" or run.started_at is None
        self.run = replace(
            run,
            cost_usd=0.0 if run.cost_usd is None and is_free else run.cost_usd,
            finished_at=self._services.clock.time(),
            out_bytes=self.recorder.out_bytes,
            err_bytes=self.recorder.err_bytes,
        )
        return self.run

    def _move(
        self, state: RunState, *, started_at: float | None = None, session: str | None = None
    ) -> None:
        self.run = replace(
            self.run,
            state=state,
            started_at=started_at or self.run.started_at,
            session=session or self.run.session,
        )
        self._services.publish(RunChanged(self.run))


async def _connection(connector: Connector, host: str) -> Connection:
    return await connector.connection(host)
