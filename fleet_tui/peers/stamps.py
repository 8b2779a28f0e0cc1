"""Times as other programs write them."""

from __future__ import annotations

from datetime import UTC, datetime


def iso(unix_seconds: float) -> str:
    """Return UTC with milliseconds, as JavaScript's `toISOString` writes it."""
    moment = datetime.fromtimestamp(unix_seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
