"""From the lines of the log to what was seen at each moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

from fleet_tui.model.errors import UsageError
from fleet_tui.model.notice import Notice, Severity
from fleet_tui.model.run import (
    AgentName,
    Dispatch,
    Mode,
    Origin,
    Outcome,
    Run,
    RunState,
)
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet_tui.journal import LogLine

SILENT = frozenset({"dispatch", "result", "start", "stop"})
"""Events that are seen as runs and states, not as notices."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What one line of the log says happened."""

    at: float
    dispatch: Dispatch | None = None
    run: Run | None = None
    notice: Notice | None = None


def last_hours(lines: Sequence[LogLine], hours: float) -> list[LogLine]:
    """Return the lines of the last hours that the log holds; raises UsageError for none."""
    timed = [line for line in lines if line.time is not None and line.event]
    if not timed:
        raise UsageError("the log holds nothing that can be shown", mend="name another log")
    end = max(line.time or 0.0 for line in timed)
    return [line for line in timed if (line.time or 0.0) >= end - hours * 3600]


def moments_of(lines: Iterable[LogLine]) -> list[Moment]:
    """Return what happened, in order; results of dispatches that are not here are left out."""
    found: list[Moment] = []
    runs: dict[str, Run] = {}
    for number, line in enumerate(sorted(lines, key=lambda line: line.time or 0.0)):
        at = line.time or 0.0
        if line.event == "dispatch":
            dispatch, run = _started(line, at)
            runs[run.id] = run
            found.append(Moment(at, dispatch, run))
        elif line.event in ("result", "refused") and line.text("run") in runs:
            runs[line.text("run")] = run = _ended(runs[line.text("run")], line, at)
            found.append(Moment(at, run=run))
        if line.event not in SILENT:
            found.append(Moment(at, notice=_notice(line, number, at)))
    return found


def _started(line: LogLine, at: float) -> tuple[Dispatch, Run]:
    host = one_line(line.text("host"), 128)
    name = line.text("id") or f"d-{line.text('run') or host}-{int(at)}"
    dispatch = Dispatch(
        id=name,
        target=one_line(line.text("target") or host, 200),
        prompt=line.text("msg"),
        agent=_word(line.text("agent"), AgentName, "claude"),
        mode=_word(line.text("mode"), Mode, "read"),
        origin=_word(line.text("origin"), Origin, "operator"),
        by=one_line(line.text("by"), 128),
        epoch=int(line.text("epoch") or 0) if line.text("epoch").isdecimal() else 0,
        created_at=at,
    )
    run = Run(
        line.text("run") or f"r-{name}-{host}",
        name,
        host,
        dispatch.agent,
        dispatch.mode,
        "running",
        created_at=at,
        started_at=at,
    )
    return dispatch, run


def _ended(run: Run, line: LogLine, at: float) -> Run:
    cost, status = line.fields.get("cost"), line.fields.get("exit")
    refused = line.event == "refused"
    return replace(
        run,
        state="failed" if refused else _word(line.text("status"), RunState, "lost"),
        outcome="refused" if refused else _word(line.text("outcome"), Outcome, ""),
        reason=one_line(line.text("msg"), 300),
        cost_usd=float(cost) if isinstance(cost, int | float) else None,
        exit_status=status if isinstance(status, int) else None,
        session=one_line(line.text("session"), 100) or None,
        finished_at=at,
    )


def _notice(line: LogLine, number: int, at: float) -> Notice:
    told = line.text("msg") or line.text("text") or line.text("reason")
    rest = told or " ".join(f"{key}={line.text(key)}" for key in list(line.fields)[:4])
    usual: Severity = "error" if line.event == "refused" else "info"
    return Notice(
        f"replay-{number}",
        at,
        _word(line.text("severity"), Severity, usual),
        one_line(line.text("event") or line.event, 60),
        one_line(line.text("host") or line.text("source") or "fleet", 128),
        one_line(f"{line.event}: {rest}", 500),
        line.text("run") or None,
    )


def _word(text: str, kind: object, default: str) -> Any:
    """Return `text` when it is one of a Literal's words."""
    return text if text in get_args(kind) else default
