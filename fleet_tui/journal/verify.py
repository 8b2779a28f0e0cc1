"""Checks that no line of the audit log was changed, removed, moved or inserted by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.journal.faults import journal_error
from fleet_tui.journal.format import GENESIS, chain_mark, line_hash
from fleet_tui.journal.head import Head, read_head
from fleet_tui.journal.rotation import close_all, open_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class VerifyResult:
    """What was found; `file`, `line` and `reason` name the first line that does not fit."""

    ok: bool
    lines: int
    """Lines read, of all files, up to and with the first bad one."""
    unchained: int
    """How many of them other programs wrote, without a hash of their own."""
    files: int
    file: str = ""
    line: int = 0
    """Line number in `file`, from 1; 0 when no line is left to name."""
    reason: str = ""
    """One sentence; empty when all is well."""


@dataclass(frozen=True, slots=True)
class _Line:
    index: int
    """Position among all lines of all files, from 0."""
    file: Path
    number: int
    hash: str
    sequence: int | None
    prev: str | None

    @property
    def place(self) -> str:
        return f"line {self.number}"


def verify(path: Path, *, head: Path | None = None) -> VerifyResult:
    """Read the whole log at `path` and its older files; raises JournalError if that is impossible.

    With `head` (what FleetLog left there) a log that was cut off at its end is noticed too.
    """
    remembered = read_head(head) if head is not None else None
    try:
        opened = open_all(path)
    except OSError as error:
        raise journal_error(error, path, "read the audit log") from error
    try:
        return _Check(path, opened, remembered).run()
    finally:
        close_all(opened)


class _Check:
    """One pass over the files, and a second one only to find out what is wrong."""

    def __init__(
        self, path: Path, opened: Sequence[tuple[Path, BinaryIO]], head: Head | None
    ) -> None:
        self._path = path
        self._opened = opened
        self._head = head
        self._sizes = [stream.seek(0, 2) for _, stream in opened]
        self._unchained = 0

    def run(self) -> VerifyResult:
        before: _Line | None = None
        chained: _Line | None = None
        head_line: _Line | None = None
        walk = self._lines()
        for line in walk:
            if line.sequence is None:
                self._unchained += 1
            elif line.prev != (before.hash if before else GENESIS):
                return self._explain(line, before, chained, next(walk, None))
            elif (missing := line.sequence - 1 - _number(chained)) != 0:
                return self._bad(line, _gap(line, missing))
            else:
                chained = line
                if self._head is not None and line.sequence == self._head.sequence:
                    head_line = line
            before = line
        return self._end(before, chained, head_line)

    def _lines(self) -> Iterator[_Line]:
        """Yield every complete line that stood there when the check began."""
        index = 0
        for (file, stream), size in zip(self._opened, self._sizes, strict=True):
            stream.seek(0)
            number = 0
            while stream.tell() < size and (data := stream.readline()).endswith(b"\n"):
                number += 1
                data = data[:-1]
                mark = chain_mark(data)
                sequence, prev = mark if mark else (None, None)
                yield _Line(index, file, number, line_hash(data), sequence, prev)
                index += 1

    def _end(
        self, last: _Line | None, chained: _Line | None, head_line: _Line | None
    ) -> VerifyResult:
        total = last.index + 1 if last else 0
        if self._head is None or (head_line and head_line.hash == self._head.hash):
            return VerifyResult(True, total, self._unchained, len(self._opened))
        if head_line is not None:
            return self._bad(head_line, f"{head_line.place} was changed after it was written")
        missing = self._head.sequence - _number(chained)
        reason = f"{_counted(missing)} removed from the end of the log"
        if last is None:
            return VerifyResult(
                False, 0, 0, len(self._opened), str(self._path), 0, f"{reason}: nothing is left"
            )
        return self._bad(last, f"{reason}, after {last.place}")

    def _explain(
        self, line: _Line, before: _Line | None, chained: _Line | None, after: _Line | None
    ) -> VerifyResult:
        """Say what was done, for a `line` that does not follow from the one `before` it."""
        assert line.sequence is not None
        origin = self._find(line.prev)
        if line.prev == GENESIS or (origin is not None and origin.index < line.index):
            return self._explain_inserted(line, origin, after)
        if origin is not None:
            reason = f"{line.place} was moved: it was written after {_far(origin, line)}"
            return self._bad(line, reason)
        missing = line.sequence - 1 - _number(chained)
        foreign_between = before is not None and before.sequence is None
        if before is None or (missing > 0 and not foreign_between):
            return self._bad(line, _gap(line, missing))
        fits_next = after is None or after.sequence is None or after.prev == line.hash
        if missing < 0:
            return self._bad(line, f"{line.place} was inserted or moved: it does not belong here")
        culprit = before if fits_next else line
        return self._bad(culprit, f"{culprit.place} was changed after it was written")

    def _explain_inserted(
        self, line: _Line, origin: _Line | None, after: _Line | None
    ) -> VerifyResult:
        """`line` follows from an earlier one: something between them is not from the log.

        The first line between is, unless it claims the same place as `line` and the log went on
        from it: then `line` is a copy.
        """
        rival = self._at(origin.index + 1 if origin else 0)
        assert rival is not None
        goes_on_here = after is not None and after.prev == line.hash and rival.hash != line.hash
        culprit = rival if rival.sequence is None or goes_on_here else line
        reason = f"{culprit.place} was inserted or moved: it does not belong here"
        return self._bad(culprit, reason)

    def _find(self, wanted: str | None) -> _Line | None:
        return next((line for line in self._lines() if line.hash == wanted), None)

    def _at(self, index: int) -> _Line | None:
        return next((line for line in self._lines() if line.index == index), None)

    def _bad(self, line: _Line, reason: str) -> VerifyResult:
        files, lines = len(self._opened), line.index + 1
        return VerifyResult(
            False, lines, self._unchained, files, str(line.file), line.number, reason
        )


def _number(line: _Line | None) -> int:
    return line.sequence if line is not None and line.sequence is not None else 0


def _counted(lines: int) -> str:
    return "1 line was" if lines == 1 else f"{lines} lines were"


def _gap(line: _Line, missing: int) -> str:
    if missing > 0:
        return f"{_counted(missing)} removed before {line.place}"
    return f"{line.place} was inserted or moved: its number does not follow"


def _far(origin: _Line, line: _Line) -> str:
    return origin.place if origin.file == line.file else f"{origin.place} of {origin.file.name}"
