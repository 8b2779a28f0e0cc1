"""Where output is kept while it arrives: spools and timelines, written twenty times a second."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.dispatch.recorder import RunRecorder
    from fleet_tui.journal import Timeline
    from fleet_tui.model.clock import Clock

TICK_SECONDS = 0.05
EAGER_BYTES = 4 << 20
"""A spool with more than this unwritten is written at once."""


class OutputDesk:
    """Flushes the spools of live runs and enters their lines in the dispatch's merged order."""

    def __init__(self, clock: Clock, on_flushed: Callable[[list[str]], None]) -> None:
        self._clock = clock
        self._on_flushed = on_flushed
        self._dirty: set[RunRecorder] = set()
        self._places: dict[str, tuple[Timeline, int]] = {}
        self._recorders: dict[str, RunRecorder] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, recorder: RunRecorder, timeline: Timeline, position: int) -> None:
        """Follow `recorder`, whose run stands at `position` in its dispatch."""
        self._places[recorder.run] = (timeline, position)
        self._recorders[recorder.run] = recorder

    def mark(self, recorder: RunRecorder) -> None:
        """Note that `recorder` has something unwritten; the next tick writes it."""
        self._dirty.add(recorder)
        if recorder.spool.lag_bytes > EAGER_BYTES:
            self._write(recorder)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TICK_SECONDS, self.flush)

    def remove(self, recorder: RunRecorder) -> None:
        """Write the last of a finished run and let it go."""
        recorder.spool.close()
        self._enter(recorder)
        self._dirty.discard(recorder)
        self._places.pop(recorder.run, None)
        self._recorders.pop(recorder.run, None)
        self._on_flushed([recorder.run])

    def flush(self) -> None:
        """Write everything that waits."""
        self._timer = None
        dirty, self._dirty = self._dirty, set()
        for recorder in dirty:
            self._write(recorder)
        for timeline in {id(t): t for t, _ in self._places.values()}.values():
            timeline.flush()
        if dirty:
            self._on_flushed([recorder.run for recorder in dirty])

    def close(self) -> None:
        """Write everything and stop; runs that are still followed may be gone on with."""
        if self._timer is not None:
            self._timer.cancel()
        self.flush()
        for recorder in self._recorders.values():
            recorder.spool.close(is_final=False)
        self._recorders.clear()

    def _write(self, recorder: RunRecorder) -> None:
        recorder.spool.flush()
        self._enter(recorder)

    def _enter(self, recorder: RunRecorder) -> None:
        """Put lines that can now be read into the merged order."""
        new = recorder.spool.count - recorder.counted_lines
        place = self._places.get(recorder.run)
        if new > 0 and place is not None:
            timeline, position = place
            timeline.extend(position, new, self._clock.time())
            recorder.counted_lines += new
