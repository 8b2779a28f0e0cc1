"""From how a process ended, what its agent said, and what we did to it: one final state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from fleet_tui.model.agent import Verdict
    from fleet_tui.model.run import Outcome, RunState
    from fleet_tui.transport.base import ExitStatus

StopReason = Literal["cancelled", "timed-out", "stalled", "wrong-rights"]


@dataclass(frozen=True, slots=True)
class Stopping:
    """Why we ended a run. Durations are seconds."""

    why: StopReason
    timeout: float | None = None
    stall_after: float | None = None


def final_state(
    status: ExitStatus,
    verdict: Verdict,
    stopping: Stopping | None,
    *,
    speaks_events: bool,
    is_durable: bool,
) -> tuple[RunState, Outcome, str]:
    """Return state, outcome and reason of a run; `stopping` is None unless it was signalled.

    Losing an attached run says nothing of how it goes on; of a durable one the host has said that
    it cannot be found. An agent that reported success before the signal reached it has succeeded.
    """
    finished_anyway = verdict.succeeded and speaks_events and not verdict.was_interrupted
    if stopping is not None and not finished_anyway:
        unsure = " (it did not answer; it may still run)" if status.is_lost else ""
        match stopping.why:
            case "cancelled":
                return "cancelled", "killed", f"cancelled by the operator{unsure}"
            case "wrong-rights":
                return "failed", "refused", verdict.reason or "the agent has other rights"
            case "stalled":
                return "timed-out", "stalled", f"silent for {stopping.stall_after:g} s{unsure}"
            case "timed-out":
                reason = f"not finished after {stopping.timeout:g} s{unsure}"
                return "timed-out", "killed", reason
    if status.is_lost:
        reason = status.reason or "the connection was lost"
        on = "" if is_durable else "; the run may still go on there"
        return "lost", "network", f"{reason}{on}"
    if verdict.was_interrupted and not verdict.succeeded:
        return "cancelled", "killed", verdict.reason or "interrupted on the host"
    return ("succeeded" if verdict.succeeded else "failed"), verdict.outcome, verdict.reason
