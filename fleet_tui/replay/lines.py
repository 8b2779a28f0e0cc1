"""Output as far as it had arrived at the time that is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet_tui.model.clock import Clock
    from fleet_tui.model.lines import LineSource, Span, TimelineSource
    from fleet_tui.model.snapshot import ViewLine


class LinesThen:
    """The lines of one run that had arrived."""

    def __init__(
        self, source: LineSource, timeline: TimelineSource, run: int, clock: Clock
    ) -> None:
        self._source = source
        self._timeline = timeline
        self._run = run
        self._clock = clock

    @property
    def count(self) -> int:
        """How many had arrived."""
        then = self._timeline.line_since(self._run, self._clock.time())
        return min(then, self._source.count)

    def read(self, first: int, count: int) -> list[ViewLine]:
        """Return up to `count` lines from line `first`."""
        return self._source.read(first, max(0, min(count, self.count - first)))


class TimelineThen:
    """The merged order as far as it had grown."""

    def __init__(self, timeline: TimelineSource, clock: Clock) -> None:
        self._timeline = timeline
        self._clock = clock

    @property
    def rows(self) -> int:
        """How many lines there were."""
        return self._timeline.row_since(self._clock.time())

    def spans(self, first_row: int, count: int) -> list[Span]:
        """Return the spans that cover these rows, as far as they were there."""
        return self._timeline.spans(first_row, max(0, min(count, self.rows - first_row)))

    def of_run(self, run: int, first_line: int, count: int) -> list[Span]:
        """Return the spans of one run from `first_line`, as far as they were there."""
        known = self._timeline.line_since(run, self._clock.time())
        return self._timeline.of_run(run, first_line, max(0, min(count, known - first_line)))

    def row_since(self, at: float) -> int:
        """Return the first row that arrived at `at` or later."""
        return min(self.rows, self._timeline.row_since(at))

    def line_since(self, run: int, at: float) -> int:
        """Return the first line of a run that arrived then or later."""
        now = self._clock.time()
        return self._timeline.line_since(run, min(at, now))
