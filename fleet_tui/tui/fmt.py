"""Numbers and names as a person reads them; every result has a width known beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len, set_cell_size

from fleet_tui.model.clock import PlayedClock
from fleet_tui.model.money import dollars

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ELLIPSIS = "\N{HORIZONTAL ELLIPSIS}"


def age(seconds: float) -> str:
    """Return a rough age: `3s`, `12m`, `4h`, `2d`; at most four characters below 1,000 days."""
    whole = max(0, int(seconds))
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if whole >= size:
            return f"{whole // size}{unit}"
    return f"{whole}s"


def elapsed(seconds: float) -> str:
    """Return a stopwatch reading: `00:42`, `1:02:03`."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3_600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes:02}:{second:02}"


def money(usd: float | None) -> str:
    """Return dollars and cents; `—` when the cost is not known."""
    return "\N{EM DASH}" if usd is None else dollars(usd)


def count(number: int) -> str:
    """Return a number with its thousands apart."""
    return f"{number:,}"


def some(number: int, one: str, many: str = "") -> str:
    """Return `1 host`, `3 hosts`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def latency(seconds: float | None) -> str:
    """Return a round trip as milliseconds; empty when it was never measured."""
    if seconds is None:
        return ""
    return f"{seconds * 1000:.0f}ms" if seconds < 1 else f"{seconds:.1f}s"


def names(items: Sequence[str], most: int = 3, of: Callable[[str], str] = str) -> str:
    """Return names as a sentence has them: `web01, web02 and 3 more`; `of` is what each is called.

    Only the names that are shown are asked for.
    """
    most = len(items) if len(items) == most + 1 else most
    shown = [of(item) for item in items[:most]]
    if len(items) > most:
        return f"{', '.join(shown)} and {len(items) - most:,} more"
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else "".join(shown)


def clip(text: str, width: int) -> str:
    """Return `text` in exactly `width` cells: padded, or cut at the end with an ellipsis."""
    if cell_len(text) <= width:
        return text + " " * (width - cell_len(text))
    if width <= 0:
        return ""
    return set_cell_size(text, width - 1) + ELLIPSIS


def clip_middle(text: str, width: int) -> str:
    """Return `text` in at most `width` cells, cut in its middle, where names differ least."""
    if cell_len(text) <= width:
        return text
    if width <= 1:
        return ELLIPSIS[:width]
    head = (width - 1) // 2
    tail = width - 1 - head
    kept = text[-tail:]
    while cell_len(kept) > tail:
        kept = kept[1:]
    return set_cell_size(text, head).rstrip() + ELLIPSIS + kept


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` in exactly `width` cells, flush right when asked."""
    if cell_len(text) > width:
        text = clip(text, width)
    gap = " " * (width - cell_len(text))
    return gap + text if right else text + gap


def played(clock: object) -> str:
    """Return how a replay stands, `REPLAY 20x 43 %`; empty when the time is the real one."""
    if not isinstance(clock, PlayedClock):
        return ""
    held = "paused" if clock.is_paused else f"{clock.speed:g}x"
    return f"REPLAY {held} {clock.share:.0%}"
