"""How long something has been silent, by one's own clock and one's own looks alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from fleet_tui.model.clock import Clock


class Watch:
    """Watches counters that change while their owner lives.

    Time between two looks counts only up to half a lease: whoever was itself asleep or stopped
    must look at least three times before it may call anybody silent.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._seen: dict[str, tuple[object, float, float]] = {}

    def silent_for(self, key: str, counter: object, lease: float) -> float:
        """Take a look; returns for how many seconds the counter has been seen unchanged."""
        now = self._clock.monotonic()
        known = self._seen.get(key)
        if known is None or known[0] != counter:
            self._seen[key] = (counter, 0.0, now)
            return 0.0
        silent = known[1] + min(now - known[2], lease / 2)
        self._seen[key] = (counter, silent, now)
        return silent

    def last(self, key: str) -> float | None:
        """Return what the last look at it showed."""
        known = self._seen.get(key)
        return known[1] if known else None

    def forget_others(self, keys: Collection[str]) -> None:
        """Forget everything that is not there any more."""
        for key in self._seen.keys() - set(keys):
            del self._seen[key]
