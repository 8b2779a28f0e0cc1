"""Rows of output as a view reads them: merged by arrival, of one run, or a fixed text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.lines import LineSource, TimelineSource
    from fleet_tui.model.sgr import Colours
    from fleet_tui.model.snapshot import LineTag, ViewLine

RowTag: TypeAlias = "LineTag | Literal['+', '-', '=']"
"""What a row is; `+` and `-` (lines of a difference) and `=` (a title) are written by no run."""

FixedLine: TypeAlias = "tuple[RowTag, str]"


@dataclass(frozen=True, slots=True)
class Row:
    """One line with where it comes from."""

    run: int
    """Position of its run; -1 when it belongs to none."""
    tag: RowTag
    text: str
    at: float | None = None
    """Unix seconds of its arrival, when that is known."""
    line: int = -1
    """Which line of its run it is; -1 when it belongs to none."""
    colours: Colours = ()
    """How the host coloured it."""


class RowSource(Protocol):
    """Rows that can be read anywhere; only grows, unless it is a `Shifting` one."""

    @property
    def rows(self) -> int:
        """How many there are."""

    def read(self, first: int, count: int) -> list[Row]:
        """Return up to `count` rows from `first`."""

    def locate(self, run: int, line: int) -> int | None:
        """Return the row of a run's line, or the nearest one after it; None for none."""


class RunRows:
    """The rows of one run; with a timeline it is known when they arrived."""

    def __init__(
        self, source: LineSource, run: int = -1, timeline: TimelineSource | None = None
    ) -> None:
        self._source = source
        self._run = run
        self._timeline = timeline

    @property
    def rows(self) -> int:
        """How many there are."""
        return self._source.count

    def read(self, first: int, count: int) -> list[Row]:
        """Return up to `count` rows from `first`."""
        lines = self._source.read(first, count)
        if self._timeline is None:
            return _rows_of(self._run, lines, first, None)
        rows: list[Row] = []
        for span in self._timeline.of_run(self._run, first, len(lines)):
            here = lines[span.first_line - first : span.first_line - first + span.count]
            rows += _rows_of(self._run, here, span.first_line, span.at)
        return rows + _rows_of(self._run, lines[len(rows) :], first + len(rows), None)

    def locate(self, run: int, line: int) -> int | None:
        """Return the row of a line of this run."""
        return line if run == self._run and 0 <= line < self.rows else None


class MergedRows:
    """The rows of all runs of a dispatch, in the order of their arrival."""

    def __init__(self, timeline: TimelineSource, sources: Sequence[LineSource]) -> None:
        self._timeline = timeline
        self._sources = sources

    @property
    def rows(self) -> int:
        """How many there are."""
        return self._timeline.rows

    def read(self, first: int, count: int) -> list[Row]:
        """Return up to `count` rows from `first`."""
        rows: list[Row] = []
        for span in self._timeline.spans(first, count):
            lines = self._sources[span.run].read(span.first_line, span.count)
            rows += _rows_of(span.run, lines, span.first_line, span.at)
        return rows

    def locate(self, run: int, line: int) -> int | None:
        """Return the row of a line of one of the runs."""
        spans = self._timeline.of_run(run, line, 1)
        return spans[0].row if spans else None


class FixedRows:
    """Rows of a text that does not change."""

    def __init__(self, lines: Sequence[FixedLine], run: int = -1) -> None:
        self._rows = [Row(run, tag, text, None, at) for at, (tag, text) in enumerate(lines)]
        self._run = run

    @classmethod
    def of(cls, rows: Sequence[Row]) -> FixedRows:
        """Return these rows as they are."""
        made = cls(())
        made._rows = list(rows)
        return made

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self._rows)

    def read(self, first: int, count: int) -> list[Row]:
        """Return up to `count` rows from `first`."""
        return self._rows[first : first + count]

    def locate(self, run: int, line: int) -> int | None:
        """Return the row of a line."""
        return line if run == self._run and 0 <= line < self.rows else None


class LaterRows:
    """The rows of a source from one of them on."""

    def __init__(self, source: RowSource, skipped: int) -> None:
        self._source = source
        self._skipped = skipped

    @property
    def rows(self) -> int:
        """How many there are."""
        return max(0, self._source.rows - self._skipped)

    def read(self, first: int, count: int) -> list[Row]:
        """Return up to `count` rows from `first`."""
        return self._source.read(first + self._skipped, count)

    def locate(self, run: int, line: int) -> int | None:
        """Return the row of a line, or the first one when it is from before."""
        row = self._source.locate(run, line)
        return max(0, row - self._skipped) if row is not None and self.rows else None


def _rows_of(run: int, lines: Sequence[ViewLine], first: int, at: float | None) -> list[Row]:
    return [
        Row(run, line.tag, line.text, at, number, line.colours)
        for number, line in enumerate(lines, first)
    ]
