"""Where the lines of a run's view begin: a place for every 64 lines or more, not for each.

On disk (`view.idx`) a place is four little-endian u64: line, offset in `view`, and how many bytes
of `out` and `err` are in the view up to there. The last place is the end of the view and moves.
"""

from __future__ import annotations

import contextlib
import os
import sys
import weakref
from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_tui.journal.files import READERS

if TYPE_CHECKING:
    from collections.abc import Iterable

LINES_APART = 64
BYTES_APART = 1 << 16
PLACE_BYTES = 32
_SCAN_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Place:
    """A point between two lines of a view."""

    line: int = 0
    offset: int = 0
    out: int = 0
    err: int = 0

    def pack(self) -> bytes:
        """Return it as it stands on disk."""
        return pack_numbers((self.line, self.offset, self.out, self.err))


@dataclass(slots=True, weakref_slot=True)
class LineIndex:
    """Written by one thread, read by any: what is published never changes."""

    lines: array[int] = field(default_factory=lambda: array("Q", [0]))
    offsets: array[int] = field(default_factory=lambda: array("Q", [0]))
    count: int = 0
    """Complete lines that can be read."""
    size: int = 0
    """Bytes they take."""

    def add(self, line: int, offset: int) -> None:
        """Remember that `line` begins at `offset`."""
        self.offsets.append(offset)
        self.lines.append(line)  # last: readers search in `lines`

    def publish(self, count: int, size: int) -> None:
        """Let `count` lines be read; they take `size` bytes."""
        self.size = size
        self.count = count

    def is_due(self, line: int, offset: int) -> bool:
        """Return whether a place at `line` would be far enough from the last one."""
        return (
            line - self.lines[-1] >= LINES_APART or offset - self.offsets[-1] >= BYTES_APART
        ) and line > self.lines[-1]

    def before(self, line: int) -> tuple[int, int]:
        """Return line and offset of the last place at or before `line`."""
        at = bisect_right(self.lines, line, 0, len(self.lines)) - 1
        return self.lines[at], self.offsets[at]

    def offset_after(self, line: int) -> int:
        """Return an offset at or after the end of the line before `line`."""
        known = len(self.lines)
        at = bisect_left(self.lines, line, 0, known)
        return self.offsets[at] if at < known else self.size

    def scan(self, path: str, size: int) -> None:
        """Take in what stands in the file up to `size`; a last line without newline waits."""
        count, offset = self.count, self.size
        while offset < size:
            block = READERS.read_at(path, min(_SCAN_BYTES, size - offset), offset)
            whole = block.rfind(b"\n") + 1
            if not whole:
                break  # views have no lines longer than a block
            count += block.count(b"\n", 0, whole)
            offset += whole
            if self.is_due(count, offset):
                self.add(count, offset)
        self.publish(count, offset)


def load_index(folder: str) -> tuple[LineIndex, list[Place]]:
    """Return the index of a view on disk, and the places of `view.idx` that can be trusted.

    What the places do not cover is scanned; without `view.idx`, all of it. A view that cannot be
    read has no lines.
    """
    view = os.path.join(folder, "view")
    index, places = LineIndex(), list[Place]()
    with contextlib.suppress(OSError):
        size = os.stat(view).st_size
        places = _trusted(read_numbers(os.path.join(folder, "view.idx")), view, size)
        for place in places:
            if index.is_due(place.line, place.offset):
                index.add(place.line, place.offset)
            index.publish(place.line, place.offset)
        index.scan(view, size)
    return index, places


def _trusted(numbers: array[int], view: str, size: int) -> list[Place]:
    """Return the places that grow, lie within the file and follow a newline."""
    last = Place()
    usable: list[Place] = []
    for at in range(0, len(numbers) - 3, 4):
        place = Place(*numbers[at : at + 4])
        if place.line <= last.line or place.offset <= last.offset or place.offset > size:
            break
        usable.append(place)
        last = place
    while usable and READERS.read_at(view, 1, usable[-1].offset - 1) != b"\n":
        usable.pop()
    return usable


def read_numbers(path: str) -> array[int]:
    """Return a file of little-endian u64; empty when it is missing."""
    numbers: array[int] = array("Q")
    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError:
        return numbers
    numbers.frombytes(data[: len(data) // 8 * 8])
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def pack_numbers(values: Iterable[int]) -> bytes:
    """Return `values` as little-endian u64."""
    numbers: array[int] = array("Q", values)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


LIVE: weakref.WeakValueDictionary[str, LineIndex] = weakref.WeakValueDictionary()
"""Folder to index of the runs that this program writes; their readers need no scan."""
