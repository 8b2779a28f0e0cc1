"""The audit log for a face: its end, what is added to it, and whether its chain holds."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, TypeVar

from fleet_tui.journal import LogFilter, verify
from fleet_tui.journal.faults import journal_error
from fleet_tui.journal.format import parse_line
from fleet_tui.journal.head_place import head_path
from fleet_tui.journal.rotation import rotated_files
from fleet_tui.journal.tail import lines_backwards
from fleet_tui.model.audit_control import LogPage, LogPlace, LogQuestion, LogVerdict

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from fleet_tui.fleet import Fleet
    from fleet_tui.journal import LogLine

T = TypeVar("T")

MOST_AT_ONCE = 4 * 1024 * 1024
"""Bytes of new lines that are read in one go."""
LONGEST_LINE = 1024 * 1024
"""How far from its end the last whole line of a file is looked for."""


class AuditDesk:
    """Implements `model.audit_control.AuditControl`; reads in threads, changes nothing."""

    def __init__(
        self, call: Callable[[Coroutine[None, None, object]], Future[object]], fleet: Fleet
    ) -> None:
        self._call = call
        self._fleet = fleet
        self._since = fleet.clock.time()
        self._acts: set[str] = set()
        """Ids of what this program did, as far as it was read."""

    def page(self, wanted: LogQuestion, limit: int) -> Future[LogPage]:
        """Return the last `limit` lines that fit."""
        return self._in_thread(lambda: self._page(wanted, limit))

    def more(self, wanted: LogQuestion, place: LogPlace) -> Future[LogPage]:
        """Return the lines that fit and were written since `place`."""
        return self._in_thread(lambda: self._more(wanted, place))

    def verify(self) -> Future[LogVerdict]:
        """Check the whole chain."""
        return self._in_thread(self._verify)

    def _in_thread(self, work: Callable[[], T]) -> Future[T]:
        async def run() -> T:
            try:
                return await asyncio.to_thread(work)
            except OSError as error:
                raise journal_error(error, self._path, "read the audit log") from error

        return self._call(run())  # type: ignore[return-value]

    @property
    def _path(self) -> Path:
        return self._fleet.log_path

    def _page(self, wanted: LogQuestion, limit: int) -> LogPage:
        place = _end_of(self._path)
        fits = self._filter(wanted)
        found: list[LogLine] = []
        newest = ""
        for data in _backwards(self._path):
            line = parse_line(data)
            newest = newest or line.raw
            if wanted.is_own and line.time is not None and line.time < self._since:
                break
            if wanted.is_own or fits(line):
                found.append(line)
            if len(found) >= limit:
                break
        lines = found[::-1]
        shown = [line.raw for line in lines if fits(line)] if wanted.is_own else None
        raw = shown if shown is not None else [line.raw for line in lines]
        return LogPage(tuple(raw), LogPlace(place.file, place.offset, newest))

    def _more(self, wanted: LogQuestion, place: LogPlace) -> LogPage:
        lines, there = _since(self._path, place)
        raw = [line.raw for line in lines]
        if place.after in raw:
            lines = lines[raw.index(place.after) + 1 :]
        fits = self._filter(wanted)
        return LogPage(tuple(line.raw for line in lines if fits(line)), there)

    def _filter(self, wanted: LogQuestion) -> Callable[[LogLine], bool]:
        words = LogFilter.parse(wanted.words)
        if not wanted.is_own:
            return words.fits
        acts = self._acts

        def is_ours(line: LogLine) -> bool:
            """Take what was done by us, and what became of it: it names the same thing."""
            names = {line.text(key) for key in ("id", "run")} - {""}
            if line.text("by") == self._fleet.by:
                acts.update(names)
                return words.fits(line)
            return bool(names & acts) and words.fits(line)

        return is_ours

    def _verify(self) -> LogVerdict:
        head = head_path(self._fleet.data_dir, self._path)
        result = verify(self._path, head=head)
        where = f"{result.file}:{result.line}: " if result.line else ""
        return LogVerdict(
            result.ok, result.lines, result.files, result.unchained, where + result.reason
        )


def _backwards(path: Path) -> Iterator[bytes]:
    for file in (path, *reversed(rotated_files(path))):
        yield from lines_backwards(file)


def _end_of(path: Path) -> LogPlace:
    """Return the place behind the last whole line."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            begin = max(0, size - LONGEST_LINE)
            stream.seek(begin)
            whole = stream.read(size - begin).rfind(b"\n") + 1
            return LogPlace(os.fstat(stream.fileno()).st_ino, begin + whole)
    except FileNotFoundError:
        return LogPlace()


def _since(path: Path, place: LogPlace) -> tuple[list[LogLine], LogPlace]:
    """Read on from a place, through the files that came after it."""
    files = [*rotated_files(path), path]
    numbers = [file.stat().st_ino if file.exists() else 0 for file in files]
    first = numbers.index(place.file) if place.file in numbers else len(files) - 1
    lines: list[LogLine] = []
    there = place
    for file, inode in zip(files[first:], numbers[first:], strict=True):
        begin = place.offset if inode == place.file else 0
        data, number = _whole_lines(file, begin)
        lines += [parse_line(line, file=str(file)) for line in data.split(b"\n")[:-1]]
        there = LogPlace(number, begin + len(data))
    return lines, there


def _whole_lines(file: Path, begin: int) -> tuple[bytes, int]:
    try:
        with file.open("rb") as stream:
            stream.seek(begin)
            data = stream.read(MOST_AT_ONCE)
            return data[: data.rfind(b"\n") + 1], os.fstat(stream.fileno()).st_ino
    except FileNotFoundError:
        return b"", 0
