"""What is written of a dispatch before anything goes to a host: its records and log lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.journal import LogEntry, log_message
from fleet_tui.model.run import Dispatch, Run
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.dispatch.plan import RunPlan
    from fleet_tui.model.errors import FleetError
    from fleet_tui.model.request import DispatchRequest
    from fleet_tui.model.run import AgentName


def dispatch_record(
    identifier: str,
    request: DispatchRequest,
    plans: Sequence[RunPlan],
    *,
    by: str,
    epoch: int,
    now: float,
) -> Dispatch:
    """Return the record of a dispatch that is about to start; `plans` are those of its runs."""
    first = plans[0]
    return Dispatch(
        id=identifier,
        target=one_line(request.target, 1000),
        prompt=request.prompt,
        agent=first.adapter.name,
        mode=first.request.mode,
        origin=request.origin,
        by=by,
        epoch=epoch,
        created_at=now,
        budget_usd=first.request.budget_usd,
        timeout_seconds=first.timeout,
        on_limit=first.on_limit,
        opens=" ".join(sorted(request.opens)),
        workdir=request.workdir or "",
        mcp=" ".join(request.mcp),
    )


def run_record(dispatch: Dispatch, plan: RunPlan) -> Run:
    """Return the record of a run that is about to start."""
    return Run(
        id=plan.request.run,
        dispatch=dispatch.id,
        host=plan.host.name,
        agent=plan.adapter.name,
        mode=plan.request.mode,
        session=plan.request.session or None,
        model=plan.request.model,
        budget_usd=plan.request.budget_usd,
        created_at=dispatch.created_at,
    )


def dispatch_entries(
    dispatch: Dispatch, runs: Sequence[Run], request: DispatchRequest
) -> list[LogEntry]:
    """Return the `dispatch` lines, one a run."""
    opened = {"opens": ",".join(sorted(request.opens))} if request.opens else {}
    message = log_message(dispatch.prompt)
    return [
        LogEntry(
            "dispatch",
            {
                "id": dispatch.id,
                "run": run.id,
                "host": run.host,
                "agent": run.agent,
                "mode": run.mode,
                "origin": dispatch.origin,
                **_named(request),
                "by": dispatch.by,
                "epoch": dispatch.epoch,
                **opened,
                **_given(request),
                "msg": message,
            },
        )
        for run in runs
    ]


def refused_entry(
    identifier: str,
    request: DispatchRequest,
    error: FleetError,
    *,
    agent: AgentName,
    by: str,
    epoch: int,
) -> LogEntry:
    """Return the `refused` line of a request that the gate stopped."""
    return LogEntry(
        "refused",
        {
            "id": identifier,
            "target": one_line(request.target),
            "agent": agent,
            "mode": request.mode or "default",
            "origin": request.origin,
            **_named(request),
            "by": by,
            "epoch": epoch,
            **_given(request),
            "why": one_line(str(error)),
            "msg": log_message(request.prompt),
        },
    )


def _given(request: DispatchRequest) -> dict[str, str]:
    """Return the MCP servers that were asked for, as a field of the log."""
    return {"mcp": one_line(",".join(request.mcp))} if request.mcp else {}


def _named(request: DispatchRequest) -> dict[str, str]:
    """Return how fleet.toml calls the daemon or schedule that asks, as a field of the log."""
    return {"name": request.name} if request.name else {}
