"""Keeps everything a run says, on disk: its raw bytes, and a view of them that is safe to show.

A run's folder holds `out` and `err` (bytes as received), `view` (see `journal.view`) and `view.idx`
(see `journal.index`). Nothing is created before the first byte.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fleet_tui.journal.faults import journal_error
from fleet_tui.journal.files import READERS, WRITERS, FileCache
from fleet_tui.journal.index import (
    BYTES_APART,
    LINES_APART,
    LIVE,
    PLACE_BYTES,
    LineIndex,
    Place,
    load_index,
)
from fleet_tui.journal.view import LINE_LIMIT, LineAssembler, tagged_lines
from fleet_tui.model.snapshot import ViewLine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fleet_tui.model.errors import JournalError
    from fleet_tui.model.events import Stream
    from fleet_tui.model.snapshot import LineTag

_CHUNK = 1 << 13
_FILES = ("out", "err", "view", "view.idx")


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """Bounds of one run's spool, in bytes."""

    line: int = LINE_LIMIT
    """Longest line of the view."""
    unwritten: int = 4 << 20
    """What is kept for another try when the disk refuses a write; more than that is lost."""


class _Raw:
    """One stream's bytes on their way to disk."""

    def __init__(self, name: Literal["out", "err"], tag: LineTag, limit: int) -> None:
        self.name = name
        self.tag: LineTag = tag
        self.parts: list[bytes] = []
        self.waiting = 0
        self.written = 0
        """Size of the file; bytes that were lost are a hole in it."""
        self.in_view = 0
        """Bytes whose lines are in the view."""
        self.lines = LineAssembler(tag.encode(), limit)

    @property
    def taken(self) -> int:
        return self.written + self.waiting

    def take(self, data: bytes) -> None:
        self.parts.append(data)
        self.waiting += len(data)

    def drop(self, data: bytes) -> None:
        self.parts = []
        self.waiting -= len(data)
        self.written += len(data)


class Spool:
    """The spool of a run that this program follows. One thread writes; see SpoolReader.

    Nothing reaches the disk before `flush`. No method raises for a disk that refuses: `fault` says
    why, `on_fault` is called once, and what is lost is said in the view.
    """

    def __init__(
        self,
        run_dir: Path,
        limits: SpoolLimits | None = None,
        *,
        on_fault: Callable[[JournalError], None] | None = None,
        files: FileCache = WRITERS,
    ) -> None:
        self.fault: JournalError | None = None
        self._dir = run_dir
        self._folder = os.path.abspath(run_dir)
        self._limits = limits or SpoolLimits()
        self._on_fault = on_fault
        self._files = files
        self._raws = {
            "stdout": _Raw("out", "o", self._limits.line),
            "stderr": _Raw("err", "e", self._limits.line),
        }
        self._index = LineIndex()
        self._parts: list[bytes] = []
        self._lines = 0
        self._bytes = 0
        self._marks: list[Place] = []
        self._places = 0
        self._lost_lines = 0
        self._lost_bytes = 0
        self._tail: ViewLine | None = None
        self._last_raw: _Raw | None = None
        self._is_closed = False
        self._has_failed = False
        LIVE[self._folder] = self._index

    @classmethod
    def reopen(
        cls,
        run_dir: Path,
        limits: SpoolLimits | None = None,
        *,
        show: bool,
        on_fault: Callable[[JournalError], None] | None = None,
    ) -> Spool:
        """Go on with the spool of a run that another program, or an earlier one, began.

        Lines that are not known to stand for certain bytes are taken out of the view; with `show`
        they are made again from the raw files. Otherwise `in_view` says which bytes they were of.
        """
        spool = cls(run_dir, limits, on_fault=on_fault)
        spool._resume(show=show)
        return spool

    # --- what is there ----------------------------------------------------------------------

    @property
    def count(self) -> int:
        """Lines of the view that can be read."""
        return self._index.count

    @property
    def lag_bytes(self) -> int:
        """Bytes that wait for `flush`."""
        return self._bytes + sum(raw.waiting for raw in self._raws.values())

    @property
    def tail(self) -> ViewLine | None:
        """The unfinished last line, while it grows."""
        if self._tail is not None:
            return self._tail
        raw = self._last_raw
        return ViewLine(raw.tag, raw.lines.tail) if raw and raw.lines.held_bytes else None

    def taken(self, stream: Stream) -> int:
        """Return how many bytes of a stream have arrived: the offset to follow it from."""
        return self._raws[stream].taken

    def in_view(self, stream: Stream) -> int:
        """Return how many bytes of a stream are in the view, up to a line end."""
        return self._raws[stream].in_view

    # --- what arrives -----------------------------------------------------------------------

    def append_raw(self, stream: Stream, data: bytes, *, show: bool) -> None:
        """Take bytes as received; with `show` they become lines of the view too."""
        raw = self._raws[stream]
        raw.take(data)
        if show:
            self._show(raw, data)
        elif newline := data.rfind(b"\n") + 1:
            raw.in_view = raw.taken - len(data) + newline

    def append_line(self, tag: LineTag, text: str) -> None:
        """Add a line to the view, or several when `text` has newlines."""
        body = text.encode("utf-8", "replace")
        if not body.endswith(b"\n"):
            body += b"\n"
        self._add(*tagged_lines(tag.encode(), body, self._limits.line))

    def set_tail(self, tag: LineTag, text: str) -> None:
        """Show `text` as the unfinished last line."""
        self._tail = ViewLine(tag, text)

    def clear_tail(self) -> None:
        """Take back what `set_tail` showed."""
        self._tail = None

    # --- to disk ----------------------------------------------------------------------------

    def flush(self) -> None:
        """Write what waits, one write for each file that grew; then its lines can be read."""
        self._has_failed = False
        for raw in self._raws.values():
            if raw.waiting:
                self._write_raw(raw)
        if self._lines or self._lost_lines or self._lost_bytes:
            self._write_view()
        if not self._has_failed:
            self.fault = None

    def close(self, *, is_final: bool = True) -> None:
        """Write everything and let the files go.

        `is_final` makes lines of what has no line end; leave it out for a run that goes on.
        """
        if self._is_closed:
            return
        self._is_closed = True
        for raw in self._raws.values():
            if is_final:
                self._add(*raw.lines.finish())
                raw.in_view = raw.taken
        self._tail = None
        self.flush()
        for name in _FILES:
            self._files.close(self._path(name))
        LIVE.pop(self._folder, None)

    # --- inside -----------------------------------------------------------------------------

    def _path(self, name: str) -> str:
        return os.path.join(self._folder, name)

    def _show(self, raw: _Raw, data: bytes) -> None:
        self._last_raw = raw
        before = raw.taken - len(data)
        for start in range(0, len(data), _CHUNK):
            chunk = data[start : start + _CHUNK] if len(data) > _CHUNK else data
            lines, count = raw.lines.feed(chunk)
            raw.in_view = before + start + len(chunk) - raw.lines.held_bytes
            if count:
                self._add(lines, count)

    def _add(self, lines: bytes, count: int) -> None:
        if not count:
            return
        self._parts.append(lines)
        self._lines += count
        self._bytes += len(lines)
        line, offset = self._index.count + self._lines, self._index.size + self._bytes
        last = self._marks[-1] if self._marks else None
        if last is None:
            is_due = self._index.is_due(line, offset)
        else:
            is_due = line - last.line >= LINES_APART or offset - last.offset >= BYTES_APART
        if is_due:
            self._marks.append(self._place(line, offset))

    def _place(self, line: int, offset: int) -> Place:
        raws = self._raws
        return Place(line, offset, raws["stdout"].in_view, raws["stderr"].in_view)

    def _write_raw(self, raw: _Raw) -> None:
        data = raw.parts[0] if len(raw.parts) == 1 else b"".join(raw.parts)
        if self._write(raw.name, data, raw.written):
            raw.drop(data)
        elif len(data) > self._limits.unwritten:
            raw.drop(data)
            self._lost_bytes += len(data)
        else:
            raw.parts = [data]

    def _write_view(self) -> None:
        loss, shift = self._loss()
        data = b"".join((loss, *self._parts))
        index = self._index
        if not self._write("view", data, index.size):
            if len(data) > self._limits.unwritten:
                self._lost_lines += self._lines
                self._forget_pending()
            return
        self._lost_lines = self._lost_bytes = 0
        end = self._place(index.count + shift + self._lines, index.size + len(data))
        marks = [Place(m.line + shift, m.offset + len(loss), m.out, m.err) for m in self._marks] + [
            end
        ]
        self._write(
            "view.idx", b"".join(place.pack() for place in marks), self._places * PLACE_BYTES
        )
        for place in marks:
            if index.is_due(place.line, place.offset):
                index.add(place.line, place.offset)
                self._places += 1
        index.publish(end.line, end.offset)
        self._forget_pending()

    def _forget_pending(self) -> None:
        self._parts, self._marks = [], []
        self._lines = self._bytes = 0

    def _loss(self) -> tuple[bytes, int]:
        """Return the line that says what was lost, if anything was."""
        if not (self._lost_lines or self._lost_bytes):
            return b"", 0
        why = self.fault.what if self.fault else "the disk refused it"
        text = f"[lost: {self._lost_lines:,} lines, {self._lost_bytes:,} raw bytes: {why}]\n"
        return tagged_lines(b"x", text.encode())

    def _write(self, name: str, data: bytes, offset: int) -> bool:
        path = self._path(name)
        try:
            try:
                self._files.write_at(path, data, offset)
            except FileNotFoundError:
                os.makedirs(self._folder, mode=0o700, exist_ok=True)
                self._files.write_at(path, data, offset)
        except OSError as error:
            self._has_failed = True
            is_new = self.fault is None
            self.fault = journal_error(error, self._dir, "keep a run's output")
            if is_new and self._on_fault is not None:
                self._on_fault(self.fault)
            return False
        return True

    def _resume(self, *, show: bool) -> None:
        _, places = load_index(self._folder)
        end = places[-1] if places else Place()
        for place in places:
            if self._index.is_due(place.line, place.offset):
                self._index.add(place.line, place.offset)
        self._places = len(places)
        self._index.publish(end.line, end.offset)
        for name, size in (("view", end.offset), ("view.idx", len(places) * PLACE_BYTES)):
            if os.path.exists(self._path(name)):
                os.truncate(self._path(name), size)
        for raw, done in zip(self._raws.values(), (end.out, end.err), strict=True):
            path = self._path(raw.name)
            raw.written = os.path.getsize(path) if os.path.exists(path) else 0
            raw.in_view = min(done, raw.written)
            if show:
                self._show_again(raw, path)
        self.flush()

    def _show_again(self, raw: _Raw, path: str) -> None:
        """Make view lines of what stands in the raw file beyond what is in the view."""
        position = raw.in_view
        while position < raw.written:
            block = READERS.read_at(path, _CHUNK, position)
            if not block:
                return  # cut off by somebody while we read it
            position += len(block)
            lines, count = raw.lines.feed(block)
            raw.in_view = position - raw.lines.held_bytes
            self._last_raw = raw
            self._add(lines, count)
            if self._bytes > self._limits.unwritten:
                self.flush()
