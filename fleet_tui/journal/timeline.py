"""The lines of all runs of a dispatch in the order they arrived, 28 bytes a span.

On disk a span is `<IIQd`: run, lines, first line, Unix seconds. Spans are only added at the end.
"""

from __future__ import annotations

import contextlib
import os
import struct
from array import array
from bisect import bisect_left, bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

from fleet_tui.journal.disk import BINARY, write_at
from fleet_tui.model.lines import Span

if TYPE_CHECKING:
    from pathlib import Path

_RECORD = struct.Struct("<IIQd")


class Timeline:
    """Merged order of a dispatch (`model.lines.TimelineSource`): one writer, any readers.

    Lines of one run that come after each other within one second are one span. A disk that
    refuses is not fatal: the order is kept in memory, and `flush` tries again.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._starts = array("Q")
        self._runs = array("I")
        self._firsts = array("Q")
        self._times = array("d")
        self._next_line: dict[int, int] = {}
        self._of_run: dict[int, array[int]] = {}
        """By run, the numbers of its spans."""
        self._rows = 0
        self._written = 0

    @classmethod
    def load(cls, path: Path) -> Timeline:
        """Return a timeline as it stands on disk, empty when it is missing; it can be extended."""
        timeline = cls(path)
        timeline._read_on()
        return timeline

    def _read_on(self) -> None:
        """Take the spans that are on disk and not here."""
        if self._path is None:
            return
        try:
            with self._path.open("rb") as file:
                file.seek(self._written * _RECORD.size)
                data = file.read()
        except OSError:
            return  # not there yet, or away: what is known stays
        whole = len(data) // _RECORD.size * _RECORD.size
        for run, count, first, at in _RECORD.iter_unpack(data[:whole]):
            self._add(run, count, first, at)
        self._written = len(self._starts)

    @property
    def rows(self) -> int:
        """How many lines there are."""
        return self._rows

    def known_lines(self, run: int) -> int:
        """Return how many lines of a run are in the order so far."""
        return self._next_line.get(run, 0)

    def extend(self, run: int, count: int, at: float) -> None:
        """Add the next `count` lines of the run at position `run`, which arrived at `at`."""
        if count <= 0:
            return
        first = self._next_line.get(run, 0)
        last = len(self._runs) - 1
        is_open = last >= self._written
        if is_open and self._runs[last] == run and int(self._times[last]) == int(at):
            self._next_line[run] = first + count
            self._rows += count
            return
        self._add(run, count, first, at)

    def spans(self, first_row: int, count: int) -> list[Span]:
        """Return the spans that cover the rows from `first_row`, clipped to them."""
        rows = self._rows
        first_row = max(first_row, 0)
        end = min(first_row + count, rows)
        if first_row >= end:
            return []
        known = len(self._starts)
        at = bisect_right(self._starts, first_row, 0, known) - 1
        found: list[Span] = []
        row = first_row
        while row < end:
            start = self._starts[at]
            stop = min(self._starts[at + 1] if at + 1 < known else rows, end)
            line = self._firsts[at] + (row - start)
            found.append(Span(row, self._runs[at], line, stop - row, self._times[at]))
            row, at = stop, at + 1
        return found

    def of_run(self, run: int, first_line: int, count: int) -> list[Span]:
        """Return the spans that hold the lines of one run from `first_line`, clipped to them."""
        mine = self._of_run.get(run, array("I"))
        first_line, end = max(first_line, 0), min(first_line + count, self.known_lines(run))
        at = bisect_right(mine, first_line, key=self._firsts.__getitem__) - 1
        found: list[Span] = []
        line = first_line
        while line < end:
            span = mine[at]
            stop = min(self._firsts[mine[at + 1]] if at + 1 < len(mine) else end, end)
            row = self._starts[span] + (line - self._firsts[span])
            found.append(Span(row, run, line, stop - line, self._times[span]))
            line, at = stop, at + 1
        return found

    def row_since(self, at: float) -> int:
        """Return the first row of the second in which `at` lies, or after it."""
        known = len(self._starts)
        span = bisect_left(self._times, float(int(at)), 0, known)
        return self._starts[span] if span < known else self._rows

    def line_since(self, run: int, at: float) -> int:
        """Return the first line of a run of that second or after it."""
        mine = self._of_run.get(run, array("I"))
        span = bisect_left(mine, float(int(at)), key=self._times.__getitem__)
        return self._firsts[mine[span]] if span < len(mine) else self.known_lines(run)

    def flush(self) -> None:
        """Write the spans that are complete: all but the last, which may still grow."""
        self._write(len(self._starts) - 1)

    def close(self) -> None:
        """Write everything."""
        self._write(len(self._starts))

    def _add(self, run: int, count: int, first: int, at: float) -> None:
        self._runs.append(run)
        self._firsts.append(first)
        self._times.append(at)
        self._starts.append(self._rows)  # readers search here, and see no row before it is whole
        self._next_line[run] = first + count
        self._rows += count
        self._of_run.setdefault(run, array("I")).append(len(self._starts) - 1)

    def _write(self, end: int) -> None:
        if self._path is None or end <= self._written:
            return
        ends = [*self._starts[self._written + 1 : end + 1]]
        if end == len(self._starts):
            ends.append(self._rows)
        borders = pairwise((self._starts[self._written], *ends))
        data = b"".join(
            _RECORD.pack(self._runs[at], stop - start, self._firsts[at], self._times[at])
            for at, (start, stop) in enumerate(borders, self._written)
        )
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | BINARY, 0o600)
            try:
                write_at(fd, data, self._written * _RECORD.size)
            finally:
                os.close(fd)
        except OSError:
            return  # not written: the next flush, or `close`, tries the same spans again
        self._written = end


class TimelineReader(Timeline):
    """A timeline that this program does not write: it is caught up with when it is asked for."""

    @property
    def rows(self) -> int:
        """How many lines there are by now."""
        with contextlib.suppress(OSError):
            if self._path is not None and os.stat(self._path).st_size > self._size():
                self._read_on()
        return self._rows

    def _size(self) -> int:
        return self._written * _RECORD.size
