"""Rows of output as a view reads them: merged by arrival, of one run, or a fixed text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from textual.cache import LRUCache

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.lines import LineSource, TimelineSource
    from fleet_tui.model.snapshot import LineTag

RowTag: TypeAlias = "LineTag | Literal['+', '-']"
"""What a row is; `+` and `-` are the lines of a difference, which no run writes."""

FixedLine: TypeAlias = "tuple[RowTag, str]"

PAGE = 64
PAGES_HELD = 96


@dataclass(frozen=True, slots=True)
class Row:
    """One line with where it comes from."""

    run: int
    """Position of its run; -1 when it belongs to none."""
    tag: RowTag
    text: str
    at: float | None = None
    """Unix seconds of its arrival, when that is known."""


class RowSource(Protocol):
    """Rows that can be read anywhere; only grows."""

    @property
    def rows(self) -> int:
        """How many there are."""

    def read(self, first: int, count: int) -> list[Row]:
        """Return up to `count` rows from `first`."""


class RunRows:
    """The rows of one run."""

    def __init__(self, source: LineSource, run: int = -1) -> None:
        self._source = source
        self._run = run

    @property
    def rows(self) -> int:
        """How many there are."""
        return self._source.count

    def read(self, first: int, count: int) -> list[Row]:
        """Return up to `count` rows from `first`."""
        return [Row(self._run, line.tag, line.text) for line in self._source.read(first, count)]


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
            rows += [Row(span.run, line.tag, line.text, span.at) for line in lines]
        return rows


class FixedRows:
    """Rows of a text that does not change."""

    def __init__(self, lines: Sequence[FixedLine], run: int = -1) -> None:
        self._rows = [Row(run, tag, text) for tag, text in lines]

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(self._rows)

    def read(self, first: int, count: int) -> list[Row]:
        """Return up to `count` rows from `first`."""
        return self._rows[first : first + count]


class PagedRows:
    """A source with the pages read last kept, so that a repaint reads nothing twice."""

    def __init__(self, source: RowSource) -> None:
        self.source = source
        self._pages: LRUCache[int, list[Row]] = LRUCache(PAGES_HELD)

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.source.rows

    def get(self, row: int) -> Row | None:
        """Return a row; None when it is not there."""
        page, offset = divmod(row, PAGE)
        if row < 0:
            return None
        held = self._pages.get(page)
        if held is None or offset >= len(held):
            wanted = min(PAGE, self.source.rows - page * PAGE)
            if offset >= wanted:
                return None
            held = self._read(page, held or [], wanted)
        return held[offset] if offset < len(held) else None

    def _read(self, page: int, held: list[Row], wanted: int) -> list[Row]:
        first = page * PAGE + len(held)
        rows = [*held, *self.source.read(first, wanted - len(held))]
        self._pages[page] = rows
        return rows
