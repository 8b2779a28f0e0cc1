"""Starts that another machine made while it led, as fleet.log, which is mirrored, tells of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.journal.faults import journal_error
from fleet_tui.journal.format import parse_line
from fleet_tui.journal.rotation import rotated_files
from fleet_tui.journal.tail import lines_backwards

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from fleet_tui.journal.entry import LogLine

START = "start"
"""The order of a `daemon` line that tells of a start by its rhythm."""
_MARK = b"  daemon  "


@dataclass(frozen=True, slots=True)
class Inherited:
    """The newest start of a duty that came due by itself."""

    due: float
    """Its time, Unix seconds by the clock of the machine that made it."""
    rhythm: str


def last_starts(log: Path, names: Collection[str]) -> Mapping[str, Inherited]:
    """Return the newest start of each of these duties; reads no more of the log than it must.

    Raises JournalError.
    """
    found: dict[str, Inherited] = {}
    try:
        for file in (log, *reversed(rotated_files(log))):
            for data in lines_backwards(file):
                if _MARK in data:
                    _take(parse_line(data), names, found)
                    if len(found) == len(names):
                        return found
    except OSError as error:
        raise journal_error(error, log, "read the starts of daemons") from error
    return found


def _take(line: LogLine, names: Collection[str], found: dict[str, Inherited]) -> None:
    name = line.text("name")
    if line.event != "daemon" or line.text("order") != START or name not in names:
        return
    try:
        due = float(line.text("due"))
    except ValueError:  # of a start by hand, which moves no rhythm
        return
    found.setdefault(name, Inherited(due, line.text("rhythm")))
