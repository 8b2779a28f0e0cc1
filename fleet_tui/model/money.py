"""Amounts as people read them, the same on the screen, in a notice and in a report."""

from __future__ import annotations


def dollars(usd: float) -> str:
    """Return US dollars and cents; what is less than half a cent, but not nothing, as `<$0.01`."""
    return "<$0.01" if 0 < usd < 0.005 else f"${usd:,.2f}"
