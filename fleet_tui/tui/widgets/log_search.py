"""Search and filter in output, a slice at a time, so that they can run beside the screen."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from fleet_tui.tui.regex_process import PatternProblem
from fleet_tui.tui.widgets.log_blocks import BlockRows
from fleet_tui.tui.widgets.log_match import matcher_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.tui.widgets.log_match import Condition
    from fleet_tui.tui.widgets.log_rows import Row, RowSource

SLICE = 5_000
"""Rows looked at in one step."""


class Search:
    """Rows that contain a text, or match `re:` and a regular expression."""

    def __init__(self, source: RowSource, needle: str) -> None:
        self._source = source
        self.needle = needle
        self.matcher = matcher_of(needle)
        self.rows: array[int] = array("Q")
        """Matching rows, ascending."""
        self.scanned = 0
        """Rows looked at so far."""
        self.problem = ""
        """Why it has stopped; empty while it has not."""
        self._resolved = False

    @property
    def is_behind(self) -> bool:
        """True while there are rows it has not looked at."""
        return not self.problem and self.scanned < self._source.rows

    @property
    def is_owing(self) -> bool:
        """True when it was asked where painted texts match and does not know yet."""
        return not self.problem and self.matcher.is_owing

    def step(self, limit: int = SLICE) -> bool:
        """Look at the next rows; False when there were none."""
        count = min(limit, self._source.rows - self.scanned)
        if count <= 0 or self.problem:
            return False
        rows = self._source.read(self.scanned, count)
        try:
            found = self.matcher.matching([row.text for row in rows])
        except PatternProblem as problem:
            self.problem = str(problem)
            return False
        self.rows.extend(self.scanned + at for at in found)
        self.scanned += len(rows)
        return bool(rows)

    def start_again(self) -> None:
        """Look from the first row again: rows have moved."""
        self.rows = array("Q")
        self.scanned = 0

    def resolve(self) -> bool:
        """Find out where the painted texts match; True when there was something to find out."""
        if not self.is_owing:
            return False
        try:
            self.matcher.resolve()
        except PatternProblem as problem:
            self.problem = str(problem)
        self._resolved = True
        return True

    def has_resolved(self) -> bool:
        """Tell, once, that more is known of what is painted."""
        resolved, self._resolved = self._resolved, False
        return resolved

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where in a line it matches, as far as that is known."""
        return self.matcher.spans(text)

    def after(self, row: int) -> int | None:
        """Return the next matching row after `row`, from the top when there is none."""
        if not self.rows:
            return None
        at = bisect_right(self.rows, row)
        return self.rows[at if at < len(self.rows) else 0]

    def before(self, row: int) -> int | None:
        """Return the last matching row before `row`, from the end when there is none."""
        if not self.rows:
            return None
        return self.rows[bisect_left(self.rows, row) - 1]

    def position(self, row: int) -> int:
        """Return the ordinal of the match at or before `row`, from 1; 0 before the first."""
        return bisect_right(self.rows, row)


class FilteredRows:
    """The rows of a source that a condition lets through; more of them with each step."""

    def __init__(self, source: RowSource, condition: Condition) -> None:
        self._source = source
        self._condition = condition
        self._kept: array[int] = array("Q")
        self.scanned = 0
        """Rows of the source looked at so far."""
        self.problem = ""
        """Why it has stopped; empty while it has not."""

    @property
    def rows(self) -> int:
        """How many passed so far."""
        return len(self._kept)

    @property
    def total(self) -> int:
        """How many rows there are to look at."""
        return self._source.rows

    @property
    def is_behind(self) -> bool:
        """True while there are rows it has not looked at."""
        return not self.problem and self.scanned < self._source.rows

    def step(self, limit: int = SLICE) -> bool:
        """Look at the next rows; False when there were none."""
        count = min(limit, self._source.rows - self.scanned)
        if count <= 0 or self.problem:
            return False
        rows = self._source.read(self.scanned, count)
        try:
            kept = self._passing(rows)
        except PatternProblem as problem:
            self.problem = str(problem)
            return False
        self._kept.extend(self.scanned + at for at in kept)
        self.scanned += len(rows)
        return bool(rows)

    def _passing(self, rows: list[Row]) -> list[int]:
        wanted = self._condition
        places = [
            at for at, row in enumerate(rows) if wanted.runs is None or row.run in wanted.runs
        ]
        if wanted.matcher is None:
            return places
        found = set(wanted.matcher.matching([rows[at].text for at in places]))
        return [at for place, at in enumerate(places) if (place in found) != wanted.is_inverted]

    def read(self, first: int, count: int) -> list[Row]:
        """Return up to `count` rows from `first`; neighbours are read together."""
        wanted = self._kept[first : first + count]
        rows: list[Row] = []
        at = 0
        while at < len(wanted):
            end = at + 1
            while end < len(wanted) and wanted[end] == wanted[end - 1] + 1:
                end += 1
            rows += self._source.read(wanted[at], end - at)
            at = end
        return rows

    def locate(self, run: int, line: int) -> int | None:
        """Return the row of a line, or the nearest one after it that passed."""
        row = self._source.locate(run, line)
        if row is None or not self._kept:
            return None
        return min(bisect_left(self._kept, row), len(self._kept) - 1)


def filtered(source: RowSource, condition: Condition) -> RowSource:
    """Return the source with a condition on its rows; blocks of which nothing is left go."""
    if isinstance(source, BlockRows):
        parts = [FilteredRows(part, condition) for part in source.parts]
        return BlockRows(parts, source.title, hides_empty=True)
    return FilteredRows(source, condition)


def filters_in(source: RowSource) -> Iterator[FilteredRows]:
    """Yield the filters that a source is made of."""
    if isinstance(source, FilteredRows):
        yield source
    elif isinstance(source, BlockRows):
        for part in source.parts:
            yield from filters_in(part)
