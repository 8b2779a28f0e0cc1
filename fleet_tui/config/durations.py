"""Lengths of time as people write them: `90`, `"30s"`, `"1h30m"`."""

from __future__ import annotations

import re

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
_PIECE = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*(ms|s|m|h|d)\s*")
_WHOLE = re.compile(rf"(?:{_PIECE.pattern})+")


def parse_duration(text: str) -> float | None:
    """Return the seconds of `"500ms"`, `"30s"`, `"2h"`, `"1d"` or a sum of such, else None."""
    stripped = text.strip()
    if not _WHOLE.fullmatch(stripped):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in _PIECE.findall(stripped))


def show_duration(seconds: float) -> str:
    """Write seconds in the largest unit that fits evenly: `1800.0` is `30m`."""
    for unit in ("d", "h", "m", "s"):
        if seconds >= _UNITS[unit] and seconds % _UNITS[unit] == 0:
            return f"{seconds / _UNITS[unit]:.0f}{unit}"
    return f"{seconds:g}s"
