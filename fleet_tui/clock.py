"""The machine's clock."""

from __future__ import annotations

import time


class SystemClock:
    """Wall and monotonic time of this machine, in seconds."""

    def time(self) -> float:
        """Return Unix time."""
        return time.time()

    def monotonic(self) -> float:
        """Return monotonic time."""
        return time.monotonic()
