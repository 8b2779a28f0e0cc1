"""Whether a session may begin, or go on: the gate's rules, the day's cap, and how many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.dispatch.costs import dollars
from fleet_tui.dispatch.gate import GateCase, refusal
from fleet_tui.managed.cloud import cents
from fleet_tui.model.errors import Refused, UsageError
from fleet_tui.model.ids import short
from fleet_tui.model.managed_view import CLOUD

if TYPE_CHECKING:
    from fleet_tui.dispatch.gate import Standing
    from fleet_tui.dispatch.spending import Spent
    from fleet_tui.journal.managed import ManagedSums
    from fleet_tui.managed.settings import ManagedSettings
    from fleet_tui.model.config import Budget
    from fleet_tui.model.managed_view import ManagedSession
    from fleet_tui.model.run import Mode, Origin

MOST_USD = 1_000_000


def choose_budget(settings: ManagedSettings, wanted: float | None) -> float:
    """Return what a session may cost; raises UsageError when nothing says so."""
    budget = wanted if wanted is not None else settings.budget_usd
    if budget is None:
        raise UsageError(
            "a cloud session needs a budget",
            mend="give --budget USD, or set budget_usd in [managed]",
        )
    if not 0 < budget <= MOST_USD or not cents(budget):
        raise UsageError(
            f"{budget} is no budget", mend="give US dollars of at least one cent, like 0.50"
        )
    return cents(budget) / 100


def raised_budget(settings: ManagedSettings, session: ManagedSession, wanted: float) -> float:
    """Return the budget with which a session that has stopped at its own can go on.

    Raises UsageError for one that has not, and for less than it has or has cost.
    """
    if session.state != "over-budget":
        raise UsageError(
            f"it has not stopped at its budget: {session.state}",
            where=short(session.id),
            mend="its budget can be raised when it has",
        )
    budget = choose_budget(settings, wanted)
    cost = session.budget_usd if session.cost_usd is None else session.cost_usd
    if budget < session.budget_usd or budget <= cost:
        raise UsageError(
            f"{dollars(budget)} raises nothing: it has cost {dollars(cost)} of "
            f"{dollars(session.budget_usd)}",
            where=short(session.id),
            mend="give what it may cost in all",
        )
    return budget


def pass_gate(
    settings: ManagedSettings,
    budget: Budget,
    *,
    origin: Origin,
    is_vouched_for: bool,
    standing: Standing,
    worst_case_usd: float,
    spent: Spent,
) -> None:
    """Raise Refused unless the gate lets it begin.

    Where each use of a tool is asked first, nothing happens that no person allowed: that is mode
    `read`. Otherwise the agent changes what is in its container: mode `write`.
    """
    mode: Mode = "read" if settings.asks_first else "write"
    cap = budget.usd_per_day
    why = refusal(
        GateCase(
            agent="claude",
            mode=mode,
            enforceable=frozenset({mode}),
            origin=origin,
            hosts=(CLOUD,),
            is_vouched_for=is_vouched_for,
            standing=standing,
            worst_case_usd=worst_case_usd,
            usd_per_dispatch=budget.usd_per_dispatch,
            usd_left_today=None if cap is None else cap - spent.usd - spent.reserved_usd,
            today_is_complete=spent.is_complete,
        )
    )
    if why is not None:
        raise Refused(why.what, mend=why.mend)


def fit(settings: ManagedSettings, worst_case_usd: float, sums: ManagedSums) -> None:
    """Raise Refused when one more session is too many, or too dear for what is left of the day."""
    if sums.active >= settings.max_parallel:
        raise Refused(
            f"{sums.active} cloud sessions are active, and at most {settings.max_parallel} may be",
            mend="stop one, wait for its end, or raise max_parallel in [managed]",
        )
    cap = settings.budget_usd_per_day
    if cap is None:
        return
    if sums.unknown:
        raise Refused(
            "a cloud session of today has not named its cost, which counts as over the day's cap",
            mend="see `fleet-tui managed list`, or raise budget_usd_per_day in [managed]",
        )
    left = cap - sums.spent_usd - sums.reserved_usd
    if worst_case_usd > left + 1e-9:
        raise Refused(
            f"it could cost {dollars(worst_case_usd)}, and {dollars(max(left, 0.0))} of "
            f"{dollars(cap)} is left for cloud sessions today",
            mend="lower --budget, or raise budget_usd_per_day in [managed]",
        )
