"""When a delivery is tried again, and when it is given up. Pure."""

from __future__ import annotations

FIRST = 2.0
LONGEST = 600.0
MAX_ATTEMPTS = 20
"""With waits that double up to ten minutes, about two and a half hours."""


def wait(attempts: int, asked: float | None, luck: float) -> float | None:
    """Return the seconds before the next attempt; None when there is none any more.

    `attempts` are those made, `asked` is what the service wants (`Retry-After`), `luck` is a
    number in [0, 1): jitter, so that many routes do not come back in the same moment. What the
    service asks for is never undercut.
    """
    if attempts >= MAX_ATTEMPTS:
        return None
    backoff = min(FIRST * 2.0 ** (attempts - 1), LONGEST)
    if asked is not None:
        return asked + luck * max(1.0, asked * 0.1)
    return backoff * (0.5 + luck / 2)
