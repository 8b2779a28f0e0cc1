"""The frame clock: when the screen takes what the core has for it, and how often.

20 Hz while one thing streams, 10 Hz with several panes, 4 Hz when the terminal has lost the focus
or no run is open and nothing came for a second; half of that after a frame that cost more than
25 ms, and no frame at all while the terminal is still busy with the last one. Figures: reference
measurements of Textual 8.2.8 (a full repaint of 180x50 costs 25 to 30 ms; a stalled terminal blocks
the event loop unless painting is paced).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fleet_tui.tui import textual_seams

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.timer import Timer

    from fleet_tui.model.control import Changes
    from fleet_tui.tui.app import FleetApp

FAST, SHARED, BLURRED = 1 / 20, 1 / 10, 1 / 4
NUMBERS_EVERY = 1 / 4
"""How often ages and counters are looked at while runs are open; else once in each second of the
clock, so that all of them turn over in one frame and no row is painted by itself."""
QUIET_AFTER = 1.0
COSTLY = 0.025
SLOWEST = 1.0
MARGIN = 0.001


class FrameClock:
    """Drains the core and shows what it gave, frame by frame."""

    def __init__(
        self,
        app: FleetApp,
        drain: Callable[[], Changes],
        show: Callable[[Changes, bool], None],
    ) -> None:
        self._app = app
        self._drain = drain
        self._show = show
        self._timer: Timer | None = None
        self._numbers_at = float("-inf")
        self._second = -1
        """The second of the clock in which numbers were shown last."""
        self._news_at = float("-inf")
        self._slowdown = 1.0
        self.frames = 0
        """Frames shown."""
        self.skipped = 0
        """Frames left out because the terminal was behind."""

    @property
    def interval(self) -> float:
        """Seconds until the next frame."""
        is_quiet = not self._is_busy and self._app.clock.monotonic() - self._news_at > QUIET_AFTER
        if is_quiet or not self._app.app_focus:
            base = BLURRED
        else:
            base = SHARED if self._app.shows_many_panes else FAST
        return min(SLOWEST, base * self._slowdown)

    @property
    def _is_busy(self) -> bool:
        fleet = self._app.store.fleet
        return fleet is not None and fleet.open_runs > 0

    def start(self) -> None:
        """Begin to tick by itself."""
        self._timer = self._app.set_timer(self.interval, self._beat, name="frame")

    def stop(self) -> None:
        """Stop ticking."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def tick(self) -> bool:
        """Show one frame now, where there is something to show; False when it was left out."""
        if textual_seams.terminal_is_behind(self._app) or textual_seams.is_suspended(self._app):
            self.skipped += 1
            return False
        began = time.thread_time()
        now, second = self._app.clock.monotonic(), int(self._app.clock.time())
        wait = NUMBERS_EVERY if self._is_busy else 1.0
        numbers = second != self._second or now - self._numbers_at >= wait - MARGIN
        if numbers:
            self._numbers_at, self._second = now, second
        changes = self._drain()
        if not changes.is_empty:
            self._news_at = now
        if numbers or not changes.is_empty:
            self._show(changes, numbers)
        self.frames += 1
        self._adapt(time.thread_time() - began)
        return True

    def _adapt(self, cost: float) -> None:
        if cost > COSTLY:
            self._slowdown = min(8.0, self._slowdown * 2)
        elif self._slowdown > 1.0:
            self._slowdown = max(1.0, self._slowdown * 0.9)

    def _beat(self) -> None:
        self.tick()
        if self._timer is not None:
            self.start()
