"""Reads the audit log: filtered, from its oldest file on, and as it grows."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from fleet_tui.journal.entry import EVENTS
from fleet_tui.journal.faults import journal_error
from fleet_tui.journal.format import parse_line
from fleet_tui.journal.rotation import close_all, open_all, rotated_files

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from fleet_tui.journal.entry import LogLine

_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which lines to show: those that fit every part that is not empty."""

    events: frozenset[str] = frozenset()
    """Any of these."""
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each key, any of these patterns (`*` and `?` as in a shell)."""
    words: tuple[str, ...] = ()
    """All of these occur in the line, in any case."""

    @classmethod
    def parse(cls, arguments: Sequence[str]) -> LogFilter:
        """Read `key=value`, event names and free words."""
        events: set[str] = set()
        fields: dict[str, tuple[str, ...]] = {}
        words: list[str] = []
        for argument in arguments:
            key, equals, pattern = argument.partition("=")
            if equals and key.replace("_", "").replace("-", "").isalnum():
                fields[key] = (*fields.get(key, ()), pattern)
            elif argument in EVENTS:
                events.add(argument)
            else:
                words.append(argument.lower())
        return cls(frozenset(events), fields, tuple(words))

    def fits(self, line: LogLine) -> bool:
        """Return whether `line` is one to show."""
        if self.events and line.event not in self.events:
            return False
        for key, patterns in self.fields.items():
            value = line.event if key == "event" else line.text(key)
            if not any(fnmatchcase(value, pattern) for pattern in patterns):
                return False
        return not self.words or all(word in line.raw.lower() for word in self.words)


EVERYTHING = LogFilter()


def read(path: Path, wanted: LogFilter = EVERYTHING) -> Iterator[LogLine]:
    """Yield the lines of the log and its older files, oldest first; raises JournalError."""
    try:
        opened = open_all(path)
    except OSError as error:
        raise journal_error(error, path, "read the audit log") from error
    try:
        for file, stream in opened:
            for number, data in enumerate(stream, 1):
                if not data.endswith(b"\n"):
                    break
                line = parse_line(data[:-1], number=number, file=str(file))
                if wanted.fits(line):
                    yield line
    finally:
        close_all(opened)


async def follow(
    path: Path,
    wanted: LogFilter = EVERYTHING,
    *,
    wait: Callable[[], Awaitable[object]],
    from_start: bool = False,
) -> AsyncIterator[LogLine]:
    """Yield lines as they are written, across rotation; ends when the caller stops asking.

    `wait` is awaited whenever there is nothing new, and decides how often to look. Without
    `from_start` only lines written from now on are yielded.
    """
    follower = _Follower(path)
    try:
        follower.begin(from_start=from_start)
        while True:
            lines = follower.take()
            for line in lines:
                if wanted.fits(line):
                    yield line
            if not lines:
                await wait()
    except OSError as error:
        raise journal_error(error, path, "read the audit log") from error
    finally:
        follower.close()


class _Follower:
    """A place in the log that moves on, from one file to the next."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stream: BinaryIO | None = None
        self._file = path
        self._number = 0

    def begin(self, *, from_start: bool) -> None:
        files = [*rotated_files(self._path), self._path]
        if from_start:
            self._enter(files[0])
        elif self._enter(self._path):
            assert self._stream is not None
            while lines := self._whole_lines():
                self._number += len(lines)

    def take(self) -> list[LogLine]:
        """Return the next lines, none when the log has not grown."""
        if self._stream is None and not self._enter(self._path):
            return []
        assert self._stream is not None
        successor = self._successor()  # looked for first: afterwards this file grows no more
        self._notice_cut()
        lines = self._whole_lines()
        if not lines and successor is not None:
            self._enter(successor)
            lines = self._whole_lines()
        first = self._number + 1
        self._number += len(lines)
        file = str(self._file)
        return [parse_line(data, number=first + i, file=file) for i, data in enumerate(lines)]

    def _whole_lines(self) -> list[bytes]:
        """Read on up to the last newline in sight; what follows it is read again next time."""
        assert self._stream is not None
        start = self._stream.tell()
        block = self._stream.read(_BLOCK)
        while b"\n" not in block and (more := self._stream.read(_BLOCK)):
            block += more
        complete, newline, _ = block.rpartition(b"\n")
        self._stream.seek(start + len(complete) + len(newline))
        return complete.split(b"\n") if newline else []

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _enter(self, file: Path) -> bool:
        try:
            stream = open(file, "rb")  # noqa: SIM115
        except FileNotFoundError:
            return False
        self.close()
        self._stream, self._file, self._number = stream, file, 0
        return True

    def _successor(self) -> Path | None:
        """Return the file that comes after ours, None while ours is the one written to."""
        assert self._stream is not None
        ours = os.fstat(self._stream.fileno())
        files = [*rotated_files(self._path), self._path]
        for index, file in enumerate(files):
            try:
                if os.path.samestat(os.stat(file), ours):
                    self._file = file
                    return files[index + 1] if index + 1 < len(files) else None
            except FileNotFoundError:
                continue
        return self._path if self._path.exists() else None

    def _notice_cut(self) -> None:
        """Go back to the end when the file was cut off behind us."""
        assert self._stream is not None
        size = os.fstat(self._stream.fileno()).st_size
        if size < self._stream.tell():
            self._stream.seek(size)
