"""Writes lines to the audit log: the blocking half, safe between processes."""

from __future__ import annotations

import contextlib
import os
import time as wall
from typing import TYPE_CHECKING

from fleet_tui.journal.disk import BINARY, sync_file, sync_folder, write_all
from fleet_tui.journal.entry import LogEntry
from fleet_tui.journal.faults import journal_error
from fleet_tui.journal.filelock import FileLock
from fleet_tui.journal.format import format_line, format_time, line_hash
from fleet_tui.journal.head import Head, read_head, write_head
from fleet_tui.journal.redact import redact
from fleet_tui.journal.rotation import next_rotated
from fleet_tui.journal.tail import Tip, find_tip, tip_after

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fleet_tui.journal.entry import FieldValue
    from fleet_tui.model.clock import Clock

DEFAULT_MAX_BYTES = 64 << 20
_VALUE_LIMIT = 8192


class Appender:
    """Appends to one log. Every method blocks; use it from one thread.

    Each append takes the lock `<log>.lock`, follows what other processes wrote since, and writes
    once. Lines of programs that do not chain are chained over. A torn end is set aside in
    `<log>.torn-<time>`; lines that `head` remembers and the log has lost leave a gap in the
    numbers; a `notice` line tells of both. Raises JournalError; then nothing of the batch is in
    the log, unless the disk refused even that, which leaves a torn end.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        max_bytes: int = DEFAULT_MAX_BYTES,
        head: Path | None = None,
    ) -> None:
        self.path = path
        self.writes = 0
        self.fsyncs = 0
        self.rotations = 0
        self._clock = clock
        self._max_bytes = max_bytes
        self._head = head
        self._lock = FileLock(path.with_name(path.name + ".lock"))
        self._fd: int | None = None
        self._stat: tuple[int, int] | None = None
        self._size = 0
        self._tip = Tip()
        self._batch_start: int | None = None
        self._findings: list[LogEntry] = []
        self._is_unsynced = False
        self._is_folder_unsynced = False

    def append(self, entries: Sequence[LogEntry], *, durable: bool) -> None:
        """Append `entries` as one write; `durable` returns only when they are on disk."""
        if not entries and not (durable and self._is_unsynced):
            return
        try:
            self._make_folder()
            with self._lock.held():
                self._open_current()
                self._follow_others()
                try:
                    self._write(entries)
                    if durable:
                        self._sync()
                except OSError:
                    self._take_back()
                    raise
        except OSError as error:
            self._forget()
            raise journal_error(error, self.path, "write the audit log") from error

    def close(self) -> None:
        """Close the files; what was not durable is left to the system to write."""
        self._forget()
        self._lock.close()

    def _make_folder(self) -> None:
        if self._fd is None:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def _forget(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
        self._stat = None

    def _open_current(self) -> None:
        """Have the file open that stands at the path now, whoever rotated it meanwhile."""
        if self._fd is not None:
            try:
                current = os.stat(self.path)
                if (current.st_dev, current.st_ino) == self._stat:
                    return
            except FileNotFoundError:
                pass
            self._sync_before_leaving()
            self._forget()
        is_new = not self.path.exists()
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | BINARY, 0o600)
        opened = os.fstat(self._fd)
        if opened.st_mode & 0o077 and os.name == "posix":
            with contextlib.suppress(PermissionError):
                os.fchmod(self._fd, 0o600)
        self._stat = (opened.st_dev, opened.st_ino)
        self._size = -1
        self._is_folder_unsynced = self._is_folder_unsynced or is_new

    def _follow_others(self) -> None:
        """Bring size and tip up to date and set a torn end aside."""
        assert self._fd is not None
        size = os.fstat(self._fd).st_size
        if size == self._size:
            return
        if 0 <= self._size < size:
            with open(self.path, "rb") as stream:
                stream.seek(self._size)
                *lines, torn = stream.read(size - self._size).split(b"\n")
            self._tip = tip_after(self._tip, lines)
        else:
            torn = _torn_end(self.path)
            self._tip = self._compare_with_head(find_tip(self.path))
        if torn:
            self._set_aside(torn, size - len(torn))
            size -= len(torn)
        self._size = size

    def _compare_with_head(self, tip: Tip) -> Tip:
        head = read_head(self._head) if self._head is not None else None
        if head is None or head.sequence <= tip.sequence:
            return tip
        lost = head.sequence - tip.sequence
        self._findings.append(LogEntry("notice", {"kind": "lines-missing", "lost": lost}))
        return Tip(tip.hash, head.sequence)

    def _set_aside(self, torn: bytes, keep: int) -> None:
        assert self._fd is not None
        stamp = wall.strftime("%Y%m%dT%H%M%S", wall.gmtime(self._clock.time()))
        aside = self.path.with_name(f"{self.path.name}.torn-{stamp}")
        fd = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_APPEND | BINARY, 0o600)
        try:
            write_all(fd, torn + b"\n")
            os.fsync(fd)
        finally:
            os.close(fd)
        os.ftruncate(self._fd, keep)
        fields: dict[str, FieldValue] = {
            "kind": "torn-line",
            "file": aside.name,
            "bytes": len(torn),
        }
        self._findings.append(LogEntry("notice", fields))

    def _write(self, entries: Sequence[LogEntry]) -> None:
        self._batch_start = None
        batch = (*self._findings, *entries)
        if not batch:
            return
        data, tip = self._render(batch)
        if self._size and self._size + len(data) > self._max_bytes:
            self._rotate()
        assert self._fd is not None
        self._batch_start = self._size
        write_all(self._fd, data)
        self._findings = []
        self.writes += 1
        self._tip = tip
        self._size += len(data)
        self._is_unsynced = True

    def _take_back(self) -> None:
        """Remove a batch that could not be written, or not be made durable."""
        if self._fd is not None and self._batch_start is not None:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._batch_start)

    def _render(self, batch: Sequence[LogEntry]) -> tuple[bytes, Tip]:
        stamp = format_time(self._clock.time())
        sequence, previous = self._tip.sequence, self._tip.hash
        cleaned: dict[str, str] = {}
        lines: list[bytes] = []
        for entry in batch:
            sequence += 1
            safe = LogEntry(entry.event, _clean(entry, cleaned))
            line = format_line(safe, stamp=stamp, sequence=sequence, prev=previous)
            previous = line_hash(line)
            lines.append(line)
        return b"\n".join(lines) + b"\n", Tip(previous, sequence)

    def _rotate(self) -> None:
        """Move the full file away and go on in a new one."""
        assert self._fd is not None
        sync_file(self._fd)
        self.fsyncs += 1
        try:
            os.rename(self.path, next_rotated(self.path))
        except PermissionError:
            # Windows refuses while another process has it open; the next append tries again
            return
        self.rotations += 1
        tip = self._tip
        self._forget()
        self._open_current()
        self._size, self._tip = 0, tip

    def _sync_before_leaving(self) -> None:
        if self._is_unsynced and self._fd is not None:
            sync_file(self._fd)
            self.fsyncs += 1
            self._is_unsynced = False

    def _sync(self) -> None:
        if not self._is_unsynced:
            return
        assert self._fd is not None
        sync_file(self._fd)
        self.fsyncs += 1
        if self._is_folder_unsynced:
            sync_folder(self.path.parent)
            self._is_folder_unsynced = False
        self._is_unsynced = False
        if self._head is not None:
            try:
                write_head(self._head, Head(self._tip.sequence, self._tip.hash))
            except OSError as error:
                self._take_back()
                raise journal_error(error, self._head, "remember the end of the log") from error


def _clean(entry: LogEntry, cleaned: dict[str, str]) -> dict[str, FieldValue]:
    """Return the fields without secrets; `cleaned` remembers texts that many entries share."""
    fields: dict[str, FieldValue] = {}
    for key, value in entry.fields.items():
        if isinstance(value, str):
            if value not in cleaned:
                text = redact(value)
                too_long = len(text) > _VALUE_LIMIT
                cleaned[value] = text[: _VALUE_LIMIT - 1] + "…" if too_long else text
            fields[key] = cleaned[value]
        else:
            fields[key] = value
    return fields


def _torn_end(path: Path) -> bytes:
    """Return what stands after the last newline."""
    with open(path, "rb") as stream:
        position = stream.seek(0, os.SEEK_END)
        torn = b""
        while position and b"\n" not in torn:
            step = min(1 << 16, position)
            position -= step
            stream.seek(position)
            torn = stream.read(step) + torn
    return torn.rpartition(b"\n")[2]
