"""Telling a follower's own lines from the bytes of the run it follows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NOISE_LIMIT = 8192
"""Bytes kept of what a login shell said before the follower began."""


class MarkedStream:
    """A stream in which some lines begin with a mark nobody can guess; all else is the run's.

    What comes before the first mark is the login shell's own noise. A mark may stand anywhere,
    also right behind a byte of the run; its line ends with the next newline.
    """

    def __init__(
        self,
        mark: bytes,
        on_data: Callable[[bytes], None],
        on_line: Callable[[str], None],
        *,
        marks_once: bool = False,
    ) -> None:
        self._mark = mark
        self._on_data = on_data
        self._on_line = on_line
        self._marks_once = marks_once
        self._held = b""
        self._has_begun = False
        self._is_plain = False
        self.noise = b""
        """What came before the first mark, cut."""

    def feed(self, data: bytes) -> None:
        """Take the next bytes; hands over runs of data and marked lines in order."""
        if self._is_plain:
            self._on_data(data)
            return
        if self._held:
            data = self._held + data
            self._held = b""
        place = 0
        while (found := data.find(self._mark, place)) >= 0:
            end = data.find(b"\n", found)
            if end < 0:
                self._pass_on(data[place:found])
                self._held = data[found:]
                return
            self._pass_on(data[place:found])
            self._has_begun = True
            self._on_line(data[found + len(self._mark) : end].decode("utf-8", "replace").strip())
            place = end + 1
            if self._marks_once:
                self._is_plain = True
                self._pass_on(data[place:])
                return
        keep = self._beginning_at(data, place)
        self._held = data[keep:]
        self._pass_on(data[place:keep] if place or self._held else data)

    def flush(self) -> None:
        """The stream has ended: what looked like the beginning of a mark was none."""
        held, self._held = self._held, b""
        if not held.startswith(self._mark):
            self._pass_on(held)

    def _beginning_at(self, data: bytes, place: int) -> int:
        """Return where a mark that is not complete yet may begin, or the end of `data`."""
        start = max(place, len(data) - len(self._mark) + 1)
        while (start := data.find(self._mark[:1], start)) >= 0:
            if self._mark.startswith(data[start:]):
                return start
            start += 1
        return len(data)

    def _pass_on(self, data: bytes) -> None:
        if not data:
            return
        if self._has_begun:
            self._on_data(data)
        elif len(self.noise) < NOISE_LIMIT:
            self.noise = (self.noise + data)[:NOISE_LIMIT]
