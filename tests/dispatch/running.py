"""One run, carried out on a scripted host."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_tui.clock import SystemClock
from fleet_tui.dispatch.ladder import Patience
from fleet_tui.dispatch.plan import make_plans
from fleet_tui.dispatch.recorder import RunRecorder
from fleet_tui.dispatch.runtask import RunServices, RunTask
from fleet_tui.journal import Spool, SpoolReader
from fleet_tui.model.config import Defaults, FleetConfig
from fleet_tui.model.host import Host
from fleet_tui.model.request import DispatchRequest
from fleet_tui.model.run import Run
from tests.support.fakes import ScriptedPool

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.model.clock import Clock
    from fleet_tui.model.events import Event
    from fleet_tui.model.run import AgentName
    from fleet_tui.transport.base import Connection
    from tests.support.fakes import Script, ScriptedProcess

WEB = Host("web", durable=False)


@dataclass
class Bench:
    """Makes the parts of one run, and keeps what they told."""

    folder: Path
    script: Script | None = None
    host: Host = WEB
    defaults: Defaults = field(default_factory=Defaults)
    patience: Patience = field(default_factory=Patience)
    clock: Clock = field(default_factory=SystemClock)
    found: str = "/opt/claude"
    """Where the agent lies, as the host is believed to have said."""
    heard: list[Event] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        scripts = {self.host.name: self.script} if self.script else {}
        self.pool = ScriptedPool([self.host], scripts)

    def task(self, prompt: str = "true", agent: AgentName = "shell", **request: object) -> RunTask:
        """Return a run that has not begun."""
        config = FleetConfig(hosts=(self.host,), defaults=self.defaults)
        asked = DispatchRequest(self.host.name, prompt, agent, **request)  # type: ignore[arg-type]
        (plan,) = make_plans(asked, [self.host], config, lambda kind: f"{kind}-1")
        recorder = RunRecorder(
            "r-1",
            self.host.name,
            spool=Spool(self.folder / "r-1"),
            parser=plan.adapter.parser(plan.request),
            speaks_events=plan.adapter.speaks == "events",
            clock=self.clock,
            publish=self.heard.append,
            mark=lambda _: None,
        )
        services = RunServices(
            epoch=lambda: 1,
            connector=self.pool,
            find_agent=self._find,
            forget_agent=self.forgotten.append,
            clock=self.clock,
            publish=self.heard.append,
            patience=self.patience,
        )
        run = Run("r-1", "d-1", self.host.name, plan.adapter.name, plan.request.mode)
        return RunTask(plan, run, recorder, services)

    async def run(self, prompt: str = "true", agent: AgentName = "shell", **request: object) -> Run:
        """Carry a run out to its end."""
        run, _ = await self.task(prompt, agent, **request).execute()
        return run

    def cancel_on_start(self, task: RunTask) -> None:
        """Have the run cancelled the moment its process is started."""

        def cancel(process: ScriptedProcess) -> None:
            task.request_stop("cancelled")

        self.pool.on_start = cancel

    def shown(self, task: RunTask) -> list[str]:
        """Return the lines of the run's view."""
        task.recorder.spool.close()
        return [line.text for line in SpoolReader(self.folder / "r-1").read(0, 1000)]

    async def _find(self, connection: Connection, agent: AgentName) -> str:
        return self.found
