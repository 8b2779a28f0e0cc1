"""Ranges in host names: `web[01-03]` to names, and names back to ranges.

The notation is that of ClusterShell's NodeSet and pdsh: `[a-b]` with zero padding taken from the
first number, `/step`, several items in one bracket, several brackets in one name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAX_NAMES = 65_536
"""How many names one pattern may stand for; more is a typing error."""
MAX_DIGITS = 18
"""Longer runs of digits are plain text (serial numbers), never counted through."""

_DIGITS = re.compile(r"([0-9]+)")
_ITEM = re.compile(r"\s*([0-9]+)(?:\s*-\s*([0-9]+)(?:\s*/\s*([0-9]+))?)?\s*")


class RangeSyntaxError(ValueError):
    """A bracket that cannot be read; `offset` counts characters from its opening bracket."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Numbers from `first` to `last`, each written with at least `width` digits."""

    first: int
    last: int
    step: int = 1
    width: int = 1

    def __len__(self) -> int:
        return (self.last - self.first) // self.step + 1

    def __iter__(self) -> Iterator[str]:
        return (f"{n:0{self.width}d}" for n in range(self.first, self.last + 1, self.step))

    def __str__(self) -> str:
        first = f"{self.first:0{self.width}d}"
        return first if self.first == self.last else f"{first}-{self.last:0{self.width}d}"


def parse_bracket(inside: str) -> tuple[NumberRange, ...]:
    """Read what stands between `[` and `]`; raises RangeSyntaxError."""
    ranges = []
    offset = 1
    for item in inside.split(","):
        try:
            ranges.append(_parse_item(item))
        except ValueError as error:
            raise RangeSyntaxError(str(error), offset) from None
        offset += len(item) + 1
    return tuple(ranges)


def _parse_item(item: str) -> NumberRange:
    match = _ITEM.fullmatch(item)
    if match is None:
        found = f"'{item.strip()}'" if item.strip() else "nothing"
        raise ValueError(f"found {found} where a number or a range like 01-20 or 1-10/3 belongs")
    first, last, step = match[1], match[2] or match[1], match[3] or "1"
    if max(len(first), len(last), len(step)) > MAX_DIGITS:
        raise ValueError(f"a number has more than {MAX_DIGITS} digits")
    if len(last) != len(first) and last.startswith("0") and last != "0":
        raise ValueError(f"{first} and {last} are padded to different widths")
    if int(last) < int(first):
        raise ValueError(f"the range {first}-{last} runs backwards")
    if int(step) < 1:
        raise ValueError("a step must be 1 or more")
    width = len(first) if first.startswith("0") else 1
    return NumberRange(int(first), int(last), int(step), width)


def count(parts: Sequence[str | tuple[NumberRange, ...]]) -> int:
    """Return how many names a pattern's parts stand for, repeats included."""
    total = 1
    for part in parts:
        if not isinstance(part, str):
            total *= sum(len(item) for item in part)
    return total


def expand(parts: Sequence[str | tuple[NumberRange, ...]]) -> Iterator[str]:
    """Yield every name that literal text and brackets stand for, in written order."""
    choices = [
        (part,) if isinstance(part, str) else tuple(text for item in part for text in item)
        for part in parts
    ]
    return ("".join(chosen) for chosen in product(*choices))


def fold(names: Iterable[str]) -> str:
    """Write host names short: `web01 web02 nas web03` becomes `web[01-03],nas`.

    Names that share their text and differ in numbers are joined, also over several numbers
    (`r[1-2]n[01-02]`). The order is that of each pattern's first name. Read as a target, the
    result selects exactly `names`.
    """
    patterns: dict[tuple[str, ...], dict[tuple[str, ...], None]] = {}
    for name in names:
        texts, numbers = _split(name)
        patterns.setdefault(texts, {})[numbers] = None
    return ",".join(
        text for texts, numbers in patterns.items() for text in _fold_pattern(texts, numbers)
    )


def _split(name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the text around a name's numbers (always one more), and the numbers as written."""
    texts = [""]
    numbers = []
    for index, piece in enumerate(_DIGITS.split(name)):
        if index % 2 and len(piece) <= MAX_DIGITS:
            numbers.append(piece)
            texts.append("")
        else:
            texts[-1] += piece
    return tuple(texts), tuple(numbers)


def _fold_pattern(texts: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """Join rows that differ in one number only, the last number first."""
    boxes: list[tuple[tuple[str, ...], ...]] = [tuple((text,) for text in row) for row in rows]
    for axis in range(len(texts) - 2, -1, -1):
        merged: dict[tuple[tuple[str, ...], ...], list[str]] = {}
        for box in boxes:
            merged.setdefault(box[:axis] + box[axis + 1 :], []).extend(box[axis])
        boxes = [(*rest[:axis], tuple(numbers), *rest[axis:]) for rest, numbers in merged.items()]
    for box in boxes:
        yield texts[0] + "".join(
            _bracket(numbers) + text for numbers, text in zip(box, texts[1:], strict=True)
        )


def _bracket(numbers: tuple[str, ...]) -> str:
    if len(numbers) == 1:
        return numbers[0]
    return f"[{','.join(map(str, _ranges(numbers)))}]"


def _ranges(numbers: Iterable[str]) -> list[NumberRange]:
    """Join written numbers into as few ranges as their paddings allow, smallest first."""
    padded = {len(text) for text in numbers if text[0] == "0" and len(text) > 1}
    written = sorted((len(text) if len(text) in padded else 1, int(text)) for text in numbers)
    runs: list[NumberRange] = []
    for width, number in written:
        if runs and runs[-1].width == width and runs[-1].last + 1 == number:
            runs[-1] = NumberRange(runs[-1].first, number, 1, width)
        else:
            runs.append(NumberRange(number, number, 1, width))
    runs.sort(key=lambda run: (run.first, run.width))
    joined: list[NumberRange] = []
    for run in runs:
        before = joined[-1] if joined else None
        has_no_zeros = len(str(run.first)) >= run.width
        if (
            before
            and before.last + 1 == run.first
            and has_no_zeros
            and len(str(run.first)) >= before.width
        ):
            joined[-1] = NumberRange(before.first, run.last, 1, before.width)
        else:
            joined.append(run)
    return joined
