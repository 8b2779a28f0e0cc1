"""Search in output: literal, a slice at a time, so that it can run beside the screen."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet_tui.tui.widgets.log_rows import RowSource

SLICE = 5_000
"""Rows looked at in one step."""


class Search:
    """Rows that contain a text. Lower-case text matches any case; otherwise the case counts."""

    def __init__(self, source: RowSource, needle: str) -> None:
        self._source = source
        self.needle = needle
        self.ignores_case = needle == needle.lower()
        self.rows: array[int] = array("Q")
        """Matching rows, ascending."""
        self.scanned = 0
        """Rows looked at so far."""

    @property
    def is_behind(self) -> bool:
        """True while there are rows it has not looked at."""
        return self.scanned < self._source.rows

    def step(self, limit: int = SLICE) -> bool:
        """Look at the next rows; False when there were none."""
        count = min(limit, self._source.rows - self.scanned)
        if count <= 0:
            return False
        rows = self._source.read(self.scanned, count)
        for offset, row in enumerate(rows):
            if self.matches(row.text):
                self.rows.append(self.scanned + offset)
        self.scanned += len(rows)
        return bool(rows)

    def matches(self, text: str) -> bool:
        """Tell whether a line contains the text."""
        return self.needle in (text.lower() if self.ignores_case else text)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where in a line the text stands."""
        hay = text.lower() if self.ignores_case else text
        if len(hay) != len(text):
            return []
        found: list[tuple[int, int]] = []
        at = hay.find(self.needle)
        while at >= 0:
            found.append((at, at + len(self.needle)))
            at = hay.find(self.needle, at + len(self.needle))
        return found

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
