"""What a dispatch may cost, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

TIMES = "\N{MULTIPLICATION SIGN}"


def dollars(usd: float) -> str:
    """Return an amount with its cents, and with more digits where those would hide it."""
    if usd == 0 or abs(usd) >= 1 or abs(usd * 100 - round(usd * 100)) < 1e-6:
        return f"${usd:,.2f}"
    return f"${usd:.4f}"


def worst_case_words(budgets: Sequence[float | None], left: float | None) -> str:
    """Return what runs with these caps may cost together, of what is `left` of the day's cap.

    A cap of None is a run that could cost any amount. Empty for plain commands, which are free.
    """
    if not budgets:
        return ""
    hosts = "1 host" if len(budgets) == 1 else f"{len(budgets)} hosts"
    of_today = "" if left is None else f" of {dollars(max(left, 0.0))} left today"
    if None in budgets:
        return f"{hosts}, no cap on the cost{of_today}"
    known = [budget for budget in budgets if budget is not None]
    total = dollars(sum(known))
    if len(set(known)) == 1:
        return f"{hosts} {TIMES} {dollars(known[0])} = {total}{of_today}"
    return f"{hosts}, at most {total}{of_today}"
