"""Rows of texts that grow, and of some runs of a dispatch."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from fleet_tui.tui.safe import clean
from fleet_tui.tui.widgets.log_rows import Row

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from fleet_tui.model.lines import LineSource, Span, TimelineSource

AT_ONCE = 65_536
"""Rows of the timeline that are looked through in one go."""


class GrowingRows:
    """Lines that are added at the end."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        self._rows: list[Row] = []
        self.add(lines)

    def add(self, lines: Iterable[str]) -> None:
        """Add lines."""
        self._rows += [Row(-1, "o", clean(line)) for line in lines]

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self._rows)

    def read(self, first: int, count: int) -> list[Row]:
        """Return up to `count` rows from `first`."""
        return self._rows[first : first + count]

    def locate(self, run: int, line: int) -> int | None:
        """Return None: these lines are of no run."""
        return None


class PickedRows:
    """The rows of some runs of a dispatch, in the order of their arrival.

    An index of spans is kept, an entry for what arrived together; no line is.
    """

    def __init__(
        self, timeline: TimelineSource, sources: Sequence[LineSource], wanted: Collection[int]
    ) -> None:
        self._timeline = timeline
        self._sources = sources
        self._wanted = frozenset(wanted)
        self._spans: list[Span] = []
        self._starts: list[int] = []
        self._total = 0
        self._looked = 0

    @property
    def rows(self) -> int:
        """How many there are."""
        self._look_on()
        return self._total

    def read(self, first: int, count: int) -> list[Row]:
        """Return up to `count` rows from `first`."""
        self._look_on()
        found: list[Row] = []
        at = max(0, bisect_right(self._starts, first) - 1)
        while at < len(self._spans) and len(found) < count:
            span, start = self._spans[at], self._starts[at]
            skip = max(0, first - start)
            take = min(span.count - skip, count - len(found))
            lines = self._sources[span.run].read(span.first_line + skip, take) if take > 0 else []
            found += [
                Row(span.run, line.tag, line.text, span.at, span.first_line + skip + number)
                for number, line in enumerate(lines)
            ]
            at += 1
        return found

    def locate(self, run: int, line: int) -> int | None:
        """Return the row of a line of one of the runs; None when it is not shown."""
        for span, start in zip(self._spans, self._starts, strict=True):
            if span.run == run and span.first_line <= line < span.first_line + span.count:
                return start + line - span.first_line
        return None

    def _look_on(self) -> None:
        total = self._timeline.rows
        while self._looked < total:
            count = min(AT_ONCE, total - self._looked)
            for span in self._timeline.spans(self._looked, count):
                if span.run in self._wanted:
                    self._spans.append(span)
                    self._starts.append(self._total)
                    self._total += span.count
            self._looked += count
