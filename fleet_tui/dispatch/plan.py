"""From a request to one plan per host."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from fleet_tui.agents.registry import adapter
from fleet_tui.dispatch.gate import GateCase
from fleet_tui.dispatch.prices import price_table
from fleet_tui.model.agent import AgentRequest
from fleet_tui.model.mcp_run import AgentServer
from fleet_tui.model.price import price_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleet_tui.agents.base import AgentAdapter
    from fleet_tui.dispatch.asking import AskedWith
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host
    from fleet_tui.model.mcp_run import ServerCase
    from fleet_tui.model.price import TokenCount
    from fleet_tui.model.request import DispatchRequest
    from fleet_tui.model.run import AgentName, Dispatch, Mode, OnLimit, Run


@dataclass(frozen=True, slots=True)
class RunPlan:
    """What one host is asked to do. Money is US dollars, durations are seconds."""

    host: Host
    adapter: AgentAdapter
    request: AgentRequest
    """Complete but for the path of the agent's binary, which the host is asked for."""
    case: GateCase
    """What the gate was asked, and is asked again with what the host says."""
    on_limit: OnLimit = "fail"
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
    """Return the cap of one run: as asked, else the default, else its share of the dispatch's.

    For codex, which nothing holds to a cap, it is what fleet.toml reckons a run of its model with.
    """
    if agent == "shell":
        return None
    if agent == "codex":
        price = price_of(request.model or config.defaults.model, price_table(config))
        return price.reserve_usd if price is not None else None
    budget = request.budget_usd if request.budget_usd is not None else config.defaults.budget_usd
    if budget is None and config.budget.usd_per_dispatch is not None and hosts:
        return config.budget.usd_per_dispatch / hosts
    return budget


def choose_on_limit(request: DispatchRequest, config: FleetConfig) -> OnLimit:
    """Return what a limit does: as asked, else the default, which is for the operator's own runs.

    A queue, a daemon and their like try again by themselves.
    """
    if request.on_limit is not None:
        return request.on_limit
    return config.defaults.on_limit if request.origin == "operator" else "fail"


class Grants(Protocol):
    """Knows the MCP servers that fleet.toml declares."""

    def cases(
        self, names: Sequence[str], hosts: Sequence[Host], agent: AgentName
    ) -> tuple[ServerCase, ...]:
        """Return what the gate has to know of these servers; raises UsageError for unknown ones."""

    def servers(
        self, names: Sequence[str], host: Host, agent: AgentName, run: str
    ) -> tuple[AgentServer, ...]:
        """Return how a run on `host` reaches them: those that can be had there."""


def case_of(
    request: DispatchRequest,
    agent: AgentName,
    mode: Mode,
    hosts: Sequence[Host],
    grants: Grants | None = None,
) -> GateCase:
    """Return what the gate is to be asked of these hosts, but for money and our own standing."""
    return GateCase(
        agent=agent,
        mode=mode,
        enforceable=adapter(agent).modes,
        origin=request.origin,
        hosts=tuple(host.name for host in hosts),
        named_hosts=request.named_hosts,
        is_vouched_for=request.is_vouched_for,
        verify="unasked" if any(host.verify_command for host in hosts) else "none",
        allows_root=all(host.allow_root for host in hosts),
        opens=request.opens,
        servers=grants.cases(request.mcp, hosts, agent) if grants and request.mcp else (),
        is_free=agent == "shell",
    )


def _session(request: DispatchRequest, agent: AgentName) -> str:
    if agent == "shell":
        return ""
    if request.forks:
        return str(uuid.uuid4())
    return request.session or str(uuid.uuid4())


def make_plans(
    request: DispatchRequest,
    hosts: Sequence[Host],
    config: FleetConfig,
    new_id: Callable[[str], str],
    thread_before: TokenCount | None = None,
    grants: Grants | None = None,
) -> tuple[RunPlan, ...]:
    """Return one plan a host, in the order of `hosts`; `new_id("r")` names each run.

    `thread_before` is what the session that is gone on with had used, where that is known.
    """
    defaults = config.defaults
    timeout = request.timeout_seconds if request.timeout_seconds else defaults.timeout
    plans = []
    for host in hosts:
        agent = choose_agent(request, host, config)
        mode = choose_mode(request, agent, config)
        model = request.model or defaults.model
        run = (request.run_id if len(hosts) == 1 else None) or new_id("r")
        plans.append(
            RunPlan(
                host=host,
                adapter=adapter(agent),
                request=AgentRequest(
                    run=run,
                    binary="",
                    prompt=request.prompt,
                    mode=mode,
                    session=_session(request, agent),
                    resumes=request.session is not None and not request.forks,
                    forks=(request.session or "") if request.forks else "",
                    opens=request.opens,
                    servers=grants.servers(request.mcp, host, agent, run) if grants else (),
                    prices=price_table(config),
                    thread_before=thread_before,
                    can_ask=request.can_ask,
                    model=model,
                    budget_usd=choose_budget(request, agent, len(hosts), config),
                    workdir=request.workdir or host.workdir,
                    stdin=request.stdin,
                ),
                case=case_of(request, agent, mode, (host,), grants),
                on_limit=choose_on_limit(request, config),
                timeout=timeout or None,
                stall_after=defaults.stall_after or None,
            )
        )
    return tuple(plans)


def plan_again(
    dispatch: Dispatch,
    run: Run,
    host: Host,
    asked: AskedWith | None,
    config: FleetConfig,
    thread_before: TokenCount | None = None,
) -> RunPlan:
    """Return the plan by which a run of the past was started, as far as it is still needed."""
    model = asked.model if asked else run.model
    return RunPlan(
        host=host,
        adapter=adapter(run.agent),
        request=AgentRequest(
            run=run.id,
            binary="",
            prompt=dispatch.prompt,
            mode=run.mode,
            session=run.session or "",
            opens=frozenset(dispatch.opens.split()),
            servers=tuple(AgentServer(name) for name in dispatch.mcp.split()),
            budget_usd=run.budget_usd,
            workdir=host.workdir,
            can_ask=asked is not None and bool(run.session),
            model=model,
            prices=price_table(config),
            resumes=thread_before is not None,
            thread_before=thread_before,
            stdin=asked.stdin if asked else b"",
        ),
        case=GateCase(run.agent, run.mode, adapter(run.agent).modes, dispatch.origin, (host.name,)),
        on_limit=dispatch.on_limit,
        timeout=dispatch.timeout_seconds,
    )
