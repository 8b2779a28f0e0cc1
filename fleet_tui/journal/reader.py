"""Reads a run's view by line number, from any thread, while it is written or long after."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import TYPE_CHECKING, get_args

from fleet_tui.journal.files import READERS
from fleet_tui.journal.index import LIVE, LineIndex, load_index
from fleet_tui.model.sgr import split
from fleet_tui.model.snapshot import LineTag, ViewLine
from fleet_tui.model.text import sanitize

if TYPE_CHECKING:
    from pathlib import Path

_TAGS: dict[int, LineTag] = {ord(tag): tag for tag in get_args(LineTag)}
MISSING = ViewLine("m", "[missing]")
"""Stands for a line whose bytes are not there any more."""


class SpoolReader:
    """The lines of one run (`model.lines.LineSource`). Never raises.

    Reads only the window that is asked for. A run that this program writes is read through its
    live index; one that another program writes is caught up with when it is asked for.
    """

    def __init__(self, run_dir: Path) -> None:
        self._folder = os.path.abspath(run_dir)
        self._view = os.path.join(self._folder, "view")
        self._index: LineIndex | None = None
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        """How many complete lines can be read now."""
        return self._current().count

    def read(self, first: int, count: int) -> list[ViewLine]:
        """Return up to `count` lines from line `first` (0-based)."""
        index = self._current()
        first = max(first, 0)
        count = min(count, index.count - first)
        if count <= 0:
            return []
        line, offset = index.before(first)
        block = b""
        with contextlib.suppress(OSError):
            size = index.offset_after(first + count) - offset
            block = READERS.read_at(self._view, size, offset)
        pieces = block.split(b"\n")
        del pieces[-1]  # what follows the last newline
        wanted = pieces[first - line : first - line + count]
        lines = [_view_line(piece) for piece in wanted]
        return lines + [MISSING] * (count - len(lines))

    def _current(self) -> LineIndex:
        live = LIVE.get(self._folder)
        if live is not None:
            self._index = live
            return live
        with self._lock:
            if self._index is None:
                self._index = load_index(self._folder)[0]
            index = self._index
            with contextlib.suppress(OSError):
                size = os.stat(self._view).st_size
                if size > index.size:
                    index.scan(self._view, size)
            return index


def _view_line(piece: bytes) -> ViewLine:
    tag = _TAGS.get(piece[0]) if piece else None
    if tag is None:
        return MISSING
    text = piece[1:].decode("utf-8", "replace")
    if "\x1b" not in text:
        return ViewLine(tag, text)
    plain, colours = split(text)
    return ViewLine(tag, sanitize(plain), colours)
