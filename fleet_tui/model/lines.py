"""How a face reads output: by position, a window at a time, from any thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from fleet_tui.model.snapshot import ViewLine


class LineSource(Protocol):
    """The lines of one run's view. Reads come from disk; only the asked window is read."""

    @property
    def count(self) -> int:
        """How many complete lines can be read now; only grows."""

    def read(self, first: int, count: int) -> list[ViewLine]:
        """Return up to `count` lines from line `first` (0-based)."""


@dataclass(frozen=True, slots=True)
class Span:
    """Lines of one run that arrived together."""

    row: int
    """Row of the first of them in the merged order."""
    run: int
    """Position of the run in its dispatch."""
    first_line: int
    count: int
    at: float
    """Unix seconds of their arrival."""


class TimelineSource(Protocol):
    """The lines of all runs of a dispatch, merged by arrival. Only grows."""

    @property
    def rows(self) -> int:
        """How many lines there are."""

    def spans(self, first_row: int, count: int) -> list[Span]:
        """Return the spans that cover rows `first_row … first_row+count-1`, clipped to them."""

    def of_run(self, run: int, first_line: int, count: int) -> list[Span]:
        """Return the spans that hold lines `first_line …` of one run, clipped to them."""

    def row_since(self, at: float) -> int:
        """Return the first row that arrived at `at` (Unix seconds) or later; `rows` for none."""

    def line_since(self, run: int, at: float) -> int:
        """Return the first line of a run that arrived then or later; its count for none."""
