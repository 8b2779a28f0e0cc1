"""From a request to one plan per host."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.agents.registry import adapter
from fleet_tui.model.agent import AgentRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleet_tui.agents.base import AgentAdapter
    from fleet_tui.dispatch.asking import AskedWith
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host
    from fleet_tui.model.request import DispatchRequest
    from fleet_tui.model.run import AgentName, Dispatch, Mode, Run


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What one host is asked to do. Money is US dollars, durations are seconds."""

    host: Host
    adapter: AgentAdapter
    request: AgentRequest
    """Complete but for the path of the agent's binary, which the host is asked for."""
    timeout: float | None = None
    stall_after: float | None = None


def choose_agent(request: DispatchRequest, host: Host, config: FleetConfig) -> AgentName:
    """Return the agent: as asked, else the host's, else the fleet's default."""
    return request.agent or host.agent or config.defaults.agent


def choose_mode(request: DispatchRequest, agent: AgentName, config: FleetConfig) -> Mode:
    """Return the mode: as asked, else what a plain command is, else the fleet's default."""
    if request.mode is not None:
        return request.mode
    return "unrestricted" if agent == "shell" else config.defaults.mode


def choose_budget(
    request: DispatchRequest, agent: AgentName, hosts: int, config: FleetConfig
) -> float | None:
    """Return the cap of one run: as asked, else the default, else its share of the dispatch's."""
    if agent == "shell":
        return None
    budget = request.budget_usd if request.budget_usd is not None else config.defaults.budget_usd
    if budget is None and config.budget.usd_per_dispatch is not None and hosts:
        return config.budget.usd_per_dispatch / hosts
    return budget


def _session(request: DispatchRequest, agent: AgentName) -> str:
    if agent == "shell":
        return ""
    return request.session or str(uuid.uuid4())


def make_plans(
    request: DispatchRequest,
    hosts: Sequence[Host],
    config: FleetConfig,
    new_id: Callable[[str], str],
) -> tuple[RunPlan, ...]:
    """Return one plan a host, in the order of `hosts`; `new_id("r")` names each run."""
    defaults = config.defaults
    timeout = request.timeout_seconds if request.timeout_seconds else defaults.timeout
    plans = []
    for host in hosts:
        agent = choose_agent(request, host, config)
        plans.append(
            RunPlan(
                host=host,
                adapter=adapter(agent),
                request=AgentRequest(
                    run=new_id("r"),
                    binary="",
                    prompt=request.prompt,
                    mode=choose_mode(request, agent, config),
                    session=_session(request, agent),
                    resumes=request.session is not None,
                    can_ask=request.can_ask,
                    model=request.model or defaults.model,
                    budget_usd=choose_budget(request, agent, len(hosts), config),
                    workdir=request.workdir or host.workdir,
                    stdin=request.stdin,
                ),
                timeout=timeout or None,
                stall_after=defaults.stall_after or None,
            )
        )
    return tuple(plans)


def plan_again(dispatch: Dispatch, run: Run, host: Host, asked: AskedWith | None) -> RunPlan:
    """Return the plan by which a run of the past was started, as far as it is still needed."""
    return RunPlan(
        host=host,
        adapter=adapter(run.agent),
        request=AgentRequest(
            run=run.id,
            binary="",
            prompt=dispatch.prompt,
            mode=run.mode,
            session=run.session or "",
            budget_usd=dispatch.budget_usd,
            workdir=host.workdir,
            can_ask=asked is not None and bool(run.session),
            model=asked.model if asked else None,
            stdin=asked.stdin if asked else b"",
        ),
        timeout=dispatch.timeout_seconds,
    )
