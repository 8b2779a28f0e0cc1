"""Runs of the past as they are listed, and two answers side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet_tui.model.run import Run


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run with what was asked and the beginning of what was answered."""

    run: Run
    prompt: str
    answer: str = ""
    """The first characters of the final answer."""


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some of the runs that fit a filter, newest first."""

    runs: tuple[PastRun, ...]
    first: int
    """How many newer ones that fit come before them."""
    has_more: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the answer of one run differs from another's; every line is sanitized."""

    left: Run
    right: Run
    difference: tuple[str, ...]
    """A unified diff, empty when both are equal."""
    left_lines: int
    right_lines: int
    cut_lines: int = 0
    """Lines of the diff that are left out."""
