"""How long to wait before the next attempt."""

from __future__ import annotations

import random
from dataclasses import dataclass

_CHANCE = random.Random()


@dataclass(slots=True)
class Backoff:
    """Doubling delays with full jitter above a half, so that a fleet does not come back at once."""

    first: float
    ceiling: float
    chance: random.Random = _CHANCE
    attempts: int = 0

    def next(self) -> float:
        """Return the next delay in seconds."""
        delay = min(self.ceiling, self.first * 2.0 ** min(self.attempts, 32))
        self.attempts += 1
        return delay * self.chance.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Start over: it worked, or somebody wants it now."""
        self.attempts = 0
