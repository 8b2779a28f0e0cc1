"""When a run that a limit ended is to go on."""

from __future__ import annotations

import math

MOST_ATTEMPTS = 12
"""After so many ends by a limit in a row a run is left to a person."""
FIRST_PAUSE = 60.0
"""Seconds before the first new try when nobody says when the limit is over; it doubles."""
LEAST_PAUSE = 5.0
"""Seconds before the first new try when it was said; a clock that is wrong there must not make us
try at once, so this doubles too."""
MOST_PAUSE = 1800.0
FARTHEST_RESET = 9 * 86_400.0
"""A reset farther off than any limit there is, is not believed."""
MOST_JITTER = 30.0
JITTER_SHARE = 0.1


def resume_at(resets_at: float | None, attempt: int, now: float, jitter: float) -> float:
    """Return when to go on, Unix seconds.

    `attempt` counts from 1 how often in a row the limit has ended the run; `jitter`, from 0 to 1,
    keeps many runs from starting in the same second.
    """
    doubled = 2.0 ** min(attempt - 1, 20)
    if resets_at is not None and math.isfinite(resets_at) and resets_at - now <= FARTHEST_RESET:
        pause = max(resets_at - now, min(LEAST_PAUSE * doubled, MOST_PAUSE))
    else:
        pause = min(FIRST_PAUSE * doubled, MOST_PAUSE)
    return now + pause + jitter * min(MOST_JITTER, JITTER_SHARE * pause)
