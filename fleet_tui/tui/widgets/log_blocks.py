"""Output with one block a run: a title line, then all that the run has said."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from fleet_tui.tui.widgets.log_rows import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleet_tui.tui.widgets.log_rows import RowSource


class BlockRows:
    """Several sources one after the other. Rows move when a block grows: see `refresh`."""

    def __init__(
        self,
        parts: Sequence[RowSource],
        title: Callable[[int], str],
        *,
        hides_empty: bool = False,
    ) -> None:
        self.parts = parts
        self._hides_empty = hides_empty
        self.title = title
        """What stands over a block; its argument is the run's position."""
        self._counts: list[int] = []
        self._starts: list[int] = []
        self._rows = 0
        self.refresh()

    def refresh(self) -> bool:
        """Take in what the blocks have grown by; True when rows have moved."""
        counts = [part.rows for part in self.parts]
        if counts == self._counts:
            return False
        only_last = counts[:-1] == self._counts[:-1] and bool(self._counts)
        starts, row = [], 0
        for count in counts:
            starts.append(row)
            row += self._height(count)
        self._counts, self._starts, self._rows = counts, starts, row
        return not only_last

    def _height(self, count: int) -> int:
        return 0 if self._hides_empty and not count else count + 1

    @property
    def rows(self) -> int:
        """How many there are."""
        return self._rows

    def read(self, first: int, count: int) -> list[Row]:
        """Return up to `count` rows from `first`."""
        rows: list[Row] = []
        end = min(first + count, self._rows)
        at = bisect_right(self._starts, first) - 1
        row = first
        while row < end:
            start, size = self._starts[at], self._counts[at]
            if row == start and self._height(size):
                rows.append(Row(at, "=", self.title(at)))
                row += 1
            wanted = min(end, start + 1 + size) - row
            if wanted > 0:
                rows += self.parts[at].read(row - start - 1, wanted)
                row += wanted
            at += 1
        return rows

    def locate(self, run: int, line: int) -> int | None:
        """Return the row of a line of one of the runs."""
        if not 0 <= run < len(self.parts):
            return None
        row = self.parts[run].locate(run, line)
        return None if row is None else self._starts[run] + 1 + row
