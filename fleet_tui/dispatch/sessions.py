"""Agent sessions of finished runs: gone on with by a prompt, or taken up on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.agents.interactive import interactive_argv
from fleet_tui.dispatch.tombstone import refuse_if_moved
from fleet_tui.journal.moved import MovedSessions
from fleet_tui.model.errors import Refused, UsageError
from fleet_tui.model.ids import is_session, short
from fleet_tui.model.request import DispatchRequest
from fleet_tui.model.text import one_line
from fleet_tui.transport.interactive import terminal_argv
from fleet_tui.transport.shell import posix_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from fleet_tui.journal import RunStore
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.run import AgentName, Run
    from fleet_tui.transport.base import Connection, Connector


class Sessions:
    """Looks sessions up; one is in use by one run at a time, and on one host."""

    def __init__(
        self,
        config: FleetConfig,
        store: RunStore,
        connector: Connector,
        find_agent: Callable[[Connection, AgentName], Awaitable[str]],
    ) -> None:
        self._config = config
        self._store = store
        self._connector = connector
        self._find_agent = find_agent
        self.moved = MovedSessions(store.path.parent)

    def free(self, run_id: str) -> Run:
        """Return a run whose agent session nobody uses now; raises UsageError."""
        run = self._store.get_run(run_id)
        if run is None:
            raise UsageError(f"no run {one_line(run_id, 40)} in the store")
        if not run.session:
            raise UsageError(f"{short(run.id)} has no agent session to go on with")
        for item in self._store.open_runs():
            if item.run.session == run.session:
                raise UsageError(
                    f"{short(item.run.id)} still uses this session on {run.host}",
                    mend="wait for its end, or cancel it",
                )
        return run

    def again(self, run_ids: Sequence[str]) -> DispatchRequest:
        """Return the request that sends the prompt of these runs again; raises UsageError."""
        runs = [run for run in map(self._store.get_run, run_ids) if run is not None]
        if len({run.dispatch for run in runs}) != 1:
            raise UsageError(
                "runs of one dispatch can be retried together", mend="choose runs of one dispatch"
            )
        before = self._store.get_dispatch(runs[0].dispatch)
        if before is None:
            raise UsageError("the dispatch of this run is not in the store any more")
        return DispatchRequest(
            target=",".join(run.host for run in runs),
            prompt=before.prompt,
            agent=runs[0].agent,
            mode=None if runs[0].agent == "shell" else runs[0].mode,
            budget_usd=before.budget_usd,
            timeout_seconds=before.timeout_seconds,
            on_limit=before.on_limit,
            mcp=tuple(before.mcp.split()),
        )

    def place_of(self, run: Run) -> tuple[str, str | None]:
        """Return the host on which a run's session is now, and its folder there if not the host's.

        Raises Refused for one that is half handed over.
        """
        session = run.session or ""
        handoff = self.moved.get(session) if is_session(session) else None
        if handoff is None:
            return run.host, None
        if handoff.is_at_source:
            return handoff.source, handoff.source_workdir or None
        if handoff.step != "done":
            raise Refused(
                f"this session is half handed over from {handoff.source} to {handoff.target}",
                mend=f"complete it: fleet-tui handoff {short(run.id)} --to {handoff.target}",
            )
        return handoff.target, handoff.workdir

    async def _settled_place(self, run: Run) -> tuple[str, str | None]:
        """Return `place_of` a run; raises Refused while it moves, or when the host knows better."""
        session = run.session or ""
        if is_session(session) and self.moved.is_moving(session):
            raise Refused(
                f"the session of {short(run.id)} is being handed over right now",
                mend="wait for the end of that",
            )
        host, workdir = self.place_of(run)
        await refuse_if_moved(self._connector, host, session)
        return host, workdir

    async def onward(self, run_id: str, prompt: str, *, forks: bool = False) -> DispatchRequest:
        """Return the request that goes on with a run's session, where it is now.

        Raises UsageError, and Refused for a session that was handed away from there.
        """
        run = self.free(run_id)
        host, workdir = await self._settled_place(run)
        before = self._store.get_dispatch(run.dispatch)
        return DispatchRequest(
            target=host,
            prompt=prompt,
            agent=run.agent,
            mode=run.mode,
            session=run.session,
            forks=forks,
            workdir=workdir,
            mcp=tuple(before.mcp.split()) if before is not None else (),
        )

    async def terminal(self, host_name: str, run_id: str | None) -> tuple[str, ...]:
        """Return the command that opens a shell on a host, or takes up a run's session there.

        Raises UsageError, Unreachable, Refused for a session that was handed away, and FleetError
        when the agent or OpenSSH is missing.
        """
        if run_id is None:
            return terminal_argv(self._config.host(host_name), self._config, None)
        run = self.free(run_id)
        place, workdir = await self._settled_place(run)
        host = self._config.host(place)
        path = await self._find_agent(await self._connector.connection(host.name), run.agent)
        argv = interactive_argv(run.agent, path, run.session or "")
        line = posix_line(argv=argv, cwd=workdir or host.workdir, env=dict(host.env))
        return terminal_argv(host, self._config, line)
