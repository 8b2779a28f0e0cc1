"""Agent sessions of finished runs: gone on with by a prompt, or taken up on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.agents.interactive import interactive_argv
from fleet_tui.model.errors import UsageError
from fleet_tui.model.ids import short
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
    """Looks sessions up; one is in use by one run at a time."""

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
        )

    def onward(self, run_id: str, prompt: str) -> DispatchRequest:
        """Return the request that goes on with a run's session; raises UsageError."""
        run = self.free(run_id)
        return DispatchRequest(
            target=run.host, prompt=prompt, agent=run.agent, mode=run.mode, session=run.session
        )

    async def terminal(self, host_name: str, run_id: str | None) -> tuple[str, ...]:
        """Return the command that opens a shell on a host, or takes up a run's session there.

        Raises UsageError, Unreachable, and FleetError when the agent or OpenSSH is missing.
        """
        host = self._config.host(host_name)
        if run_id is None:
            return terminal_argv(host, self._config, None)
        run = self.free(run_id)
        path = await self._find_agent(await self._connector.connection(host.name), run.agent)
        argv = interactive_argv(run.agent, path, run.session or "")
        line = posix_line(argv=argv, cwd=host.workdir, env=dict(host.env))
        return terminal_argv(host, self._config, line)
