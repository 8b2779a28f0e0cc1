"""In which order a table shows its rows: natural order of what their cells say, numbers as numbers.

`$1,204.50`, `38ms`, `12m`, `3h ago` and `17/24` compare by their value; names compare with their
numbers as numbers (`web2` before `web10`). An empty cell is last whichever way the order goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SortKey: TypeAlias = "tuple[int, float, tuple[tuple[int, str], ...]]"

UNITS = {
    "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0,
    "w": 604_800.0, "%": 1.0, "b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "k": 1e3,
    "kib": 2.0**10, "mib": 2.0**20, "gib": 2.0**30, "tib": 2.0**40,
}  # fmt: skip
"""What a number's unit multiplies it by."""

_STOPWATCH = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2})")
_NUMBER = re.compile(r"[<>~±+]?\s*(-?)[$€£]?(\d[\d,]*\.?\d*)\s*([a-zµ%]*)(?:\s*/.*|\s+ago)?")
_DIGITS = re.compile(r"(\d+)")
_LEADING_GLYPH = re.compile(r"^[^\w$€£<>~±+-]+")


@runtime_checkable
class SortsItself(Protocol):
    """A table model that knows values behind its cells."""

    def sort_value(self, key: str, column: str) -> float | str | None:
        """Return what a row's cell is ordered by; None puts it last."""


@dataclass(frozen=True, slots=True)
class Order:
    """A column and a direction."""

    column: str
    is_descending: bool = False

    @property
    def arrow(self) -> str:
        """The sign in the column's title."""
        return "▼" if self.is_descending else "▲"

    def reversed(self) -> Order:
        """Return the same column the other way round."""
        return Order(self.column, not self.is_descending)


def sort_key(value: float | str | None) -> SortKey:
    """Return what orders a cell: nothing last, numbers by value before text in natural order."""
    if value is None:
        return (2, 0.0, ())
    if isinstance(value, (int, float)):
        return (0, float(value), ())
    text = _LEADING_GLYPH.sub("", value.strip().casefold())
    if not text or text == "—":
        return (2, 0.0, ())
    number = number_of(text)
    return (0, number, ()) if number is not None else (1, 0.0, _natural(text))


def number_of(text: str) -> float | None:
    """Return the number that a cell shows; None when it is not one."""
    watch = _STOPWATCH.fullmatch(text)
    if watch is not None:
        hours, minutes, seconds = (int(part or 0) for part in watch.groups())
        return float(hours * 3_600 + minutes * 60 + seconds)
    found = _NUMBER.fullmatch(text)
    if found is None or (found[3] and found[3] not in UNITS):
        return None
    value = float(found[2].replace(",", "")) * UNITS.get(found[3], 1.0)
    return -value if found[1] else value


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    """Return text with its runs of digits padded, so that they compare as numbers."""
    pieces = _DIGITS.split(text[:200])
    return tuple((len(piece), piece) if at % 2 else (0, piece) for at, piece in enumerate(pieces))


def ordered(
    keys: Iterable[str], order: Order, value: Callable[[str], float | str | None]
) -> list[str]:
    """Return the keys in this order; equal ones, and those without a value, as they stood."""
    ranked = [(sort_key(value(key)), key) for key in keys]
    known = [pair for pair in ranked if pair[0][0] < 2]
    known.sort(key=lambda pair: pair[0], reverse=order.is_descending)
    return [key for _, key in known] + [key for rank, key in ranked if rank[0] == 2]
