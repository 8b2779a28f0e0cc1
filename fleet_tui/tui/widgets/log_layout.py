"""Which rows fill a window: wrapping and folding worked out only for what is on the screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from rich.cells import cell_len, chop_cells

if TYPE_CHECKING:
    from fleet_tui.tui.widgets.log_pages import PagedRows
    from fleet_tui.tui.widgets.log_rows import Row, RowTag

FOLDED_TAGS: frozenset[RowTag] = frozenset({"r", "k"})
"""Tool results and thinking: a run of such lines shows as one while folded."""

MOST_FOLDED = 2_000
"""Rows looked at to find the end of a fold."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows that show as one thing: a line with its wrapped parts, or a fold."""

    row: int
    rows: int
    height: int


Measure: TypeAlias = Callable[["Row", int], int]
"""Return how many lines a row takes; the second argument is how many rows it stands for."""


class LogLayout:
    """Walks a source in units."""

    def __init__(self, rows: PagedRows, measure: Measure, *, is_folded: bool) -> None:
        self._rows = rows
        self._measure = measure
        self._is_folded = is_folded
        self.break_at: int | None = None
        """A row that always begins a unit (the cursor's), so that it can be seen in a fold."""

    def starting(self, row: int) -> Unit | None:
        """Return the unit that begins at `row`; None past the end."""
        first = self._rows.get(row)
        if first is None:
            return None
        size = 1
        if self._is_folded and first.tag in FOLDED_TAGS:
            while size < MOST_FOLDED and row + size != self.break_at:
                following = self._rows.get(row + size)
                if following is None or not _same(first, following):
                    break
                size += 1
        return Unit(row, size, self._measure(first, size))

    def ending(self, end: int) -> Unit | None:
        """Return the unit whose last row is `end - 1`; None before the beginning."""
        last = self._rows.get(end - 1)
        if last is None:
            return None
        row = end - 1
        if self._is_folded and last.tag in FOLDED_TAGS:
            while end - row < MOST_FOLDED and row != self.break_at:
                previous = self._rows.get(row - 1)
                if previous is None or not _same(last, previous):
                    break
                row -= 1
            last = self._rows.get(row) or last
        return Unit(row, end - row, self._measure(last, end - row))

    def below(self, row: int, height: int) -> list[Unit]:
        """Return units from `row` down until `height` lines are filled or the source ends."""
        units: list[Unit] = []
        filled = 0
        while filled < height:
            unit = self.starting(row)
            if unit is None:
                break
            units.append(unit)
            filled += unit.height
            row += unit.rows
        return units

    def above(self, end: int, height: int) -> list[Unit]:
        """Return the units before row `end` that fit into `height` lines, at least one."""
        units: list[Unit] = []
        filled = 0
        while True:
            unit = self.ending(end)
            if unit is None or (units and filled + unit.height > height):
                break
            units.append(unit)
            filled += unit.height
            end = unit.row
            if filled >= height:
                break
        return units[::-1]


def _same(one: Row, other: Row) -> bool:
    return one.tag == other.tag and one.run == other.run


def wrap(text: str, width: int) -> list[int]:
    """Return where each line of `text` begins when it is wrapped at words to `width` cells."""
    if width <= 0 or (len(text) <= width and text.isascii()) or cell_len(text) <= width:
        return [0]
    starts = [0]
    while True:
        start = starts[-1]
        piece = text[start : start + width]
        if not piece.isascii():
            piece = next(iter(chop_cells(piece, width)), "") or piece[:1]
        if start + len(piece) >= len(text):
            return starts
        space = piece.rfind(" ")
        follows_space = text[start + len(piece)] == " "
        taken = len(piece) if follows_space or space <= 0 else space + 1
        if follows_space:
            taken += 1
        if start + taken >= len(text):
            return starts
        starts.append(start + taken)
