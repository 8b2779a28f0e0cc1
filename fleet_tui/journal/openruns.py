"""Which runs the audit log has begun and not ended."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fleet_tui.journal.entry import CLOSING_EVENTS
from fleet_tui.journal.faults import journal_error
from fleet_tui.journal.format import parse_line
from fleet_tui.journal.rotation import close_all, open_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from fleet_tui.journal.entry import LogLine

_BLOCK = 4 << 20
_LINE = re.compile(rb"^\S+  (dispatch|result|refused)  ([^\n]*)$", re.MULTILINE)
_RUN = re.compile(rb"(?:^| )run=([A-Za-z0-9._-]+)(?: |$)")


def open_runs(path: Path, *, is_whole: bool = False) -> dict[str, LogLine]:
    """Return run id to `dispatch` line of every run without a `result` or `refused` line.

    Reads the current file and the newest older one, or with `is_whole` all of them; runs begun
    longer ago are known to the run store. Raises JournalError.
    """
    try:
        opened = open_all(path, newest=None if is_whole else 1)
    except OSError as error:
        raise journal_error(error, path, "read the audit log") from error
    begun: dict[str, tuple[bytes, int, str]] = {}
    try:
        for file, stream in opened:
            for event, run, data, number in _run_lines(stream):
                if event in CLOSING_EVENTS:
                    begun.pop(run, None)
                else:
                    begun[run] = (data, number, str(file))
    except OSError as error:
        raise journal_error(error, path, "read the audit log") from error
    finally:
        close_all(opened)
    return {
        run: parse_line(data, number=number, file=file)
        for run, (data, number, file) in begun.items()
    }


def _run_lines(stream: BinaryIO) -> Iterator[tuple[str, str, bytes, int]]:
    """Yield event, run id, line and its number, for lines that begin or end a run."""
    number = 1
    rest = b""
    while block := stream.read(_BLOCK):
        complete, newline, rest = (rest + block).rpartition(b"\n")
        if not newline:
            continue
        position = 0
        for found in _LINE.finditer(complete):
            run = _run_of(found[0], found[2])
            if run:
                number += complete.count(b"\n", position, found.start())
                position = found.start()
                yield found[1].decode(), run, found[0], number
        number += complete.count(b"\n", position) + 1


def _run_of(line: bytes, pairs: bytes) -> str:
    """Return the value of `run`; only a line that quotes something before it is parsed in full."""
    found = _RUN.search(pairs)
    if found is None:
        return ""
    quote = pairs.find(b'"')
    if quote < 0 or found.start() < quote:
        return found[1].decode()
    return parse_line(line).text("run")
