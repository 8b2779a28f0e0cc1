"""Output in memory: lines of a run, the merged order, and sources of a million rows."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.model.lines import Span
from fleet_tui.model.snapshot import ViewLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.snapshot import LineTag


class FakeLines:
    """A run's lines."""

    def __init__(self) -> None:
        self.lines: list[ViewLine] = []
        self.lines_read = 0

    @property
    def count(self) -> int:
        return len(self.lines)

    def read(self, first: int, count: int) -> list[ViewLine]:
        found = self.lines[first : first + count]
        self.lines_read += len(found)
        return found


class FakeTimeline:
    """The merged order of a dispatch."""

    def __init__(self) -> None:
        self._spans: list[Span] = []
        self._rows = 0

    @property
    def rows(self) -> int:
        return self._rows

    def add(self, run: int, first_line: int, count: int, at: float) -> None:
        self._spans.append(Span(self._rows, run, first_line, count, at))
        self._rows += count

    def spans(self, first_row: int, count: int) -> list[Span]:
        end = min(first_row + count, self._rows)
        at = bisect_right(self._spans, first_row, key=lambda s: s.row) - 1
        found: list[Span] = []
        for span in self._spans[max(0, at) :]:
            if span.row >= end:
                break
            skip = max(0, first_row - span.row)
            size = min(span.row + span.count, end) - span.row - skip
            if size > 0:
                found.append(
                    replace(
                        span, row=span.row + skip, first_line=span.first_line + skip, count=size
                    )
                )
        return found

    def of_run(self, run: int, first_line: int, count: int) -> list[Span]:
        end = first_line + count
        return [
            replace(
                span,
                row=span.row + max(0, first_line - span.first_line),
                first_line=max(first_line, span.first_line),
                count=min(end, span.first_line + span.count) - max(first_line, span.first_line),
            )
            for span in self._spans
            if span.run == run
            and span.first_line < end
            and first_line < span.first_line + span.count
        ]

    def row_since(self, at: float) -> int:
        return next((span.row for span in self._spans if span.at >= at), self._rows)

    def line_since(self, run: int, at: float) -> int:
        mine = [span for span in self._spans if span.run == run]
        total = sum(span.count for span in mine)
        return next((span.first_line for span in mine if span.at >= at), total)


class CountingLines:
    """A million lines that exist only when they are read; counts what was read."""

    def __init__(self, count: int, tags: Sequence[LineTag] = ("o",)) -> None:
        self.size = count
        self.lines_read = 0
        self._tags = tags

    @property
    def count(self) -> int:
        return self.size

    def read(self, first: int, count: int) -> list[ViewLine]:
        last = min(first + count, self.size)
        self.lines_read += max(0, last - first)
        return [
            ViewLine(self._tags[n % len(self._tags)], f"line {n} of the flood")
            for n in range(first, last)
        ]
