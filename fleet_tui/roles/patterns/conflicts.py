"""Conflict copies, known by the names that file syncs give them.

| sync | `notes.md` becomes | source |
|---|---|---|
| Syncthing | `notes.sync-conflict-20260521-142201-ABCDEFG.md` | its manual, "Conflicting changes" |
| Dropbox | `notes (Anna's conflicted copy 2026-05-21).md`, `notes (Case Conflict).md` | its help |
| OneDrive | `notes-CC-PC.md`, `notes-CC-PC-2.md` | its help, "device name at the end" |
| iCloud | `notes 2.md` | observed; Apple documents no rule |

The last two look like ordinary names. They count only beside the file they are a copy of, and for
OneDrive only when what stands at the end is a machine's name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

Sync = Literal["Syncthing", "Dropbox", "OneDrive", "iCloud"]

_SYNCTHING = re.compile(r"(?P<stem>.*)\.sync-conflict-\d{8}-\d{6}-[A-Z2-7]{7}(?P<rest>(?:\..*)?)")
_DROPBOX = re.compile(
    r"(?P<stem>.*) \((?:.*conflicted copy.*|Case Conflict(?: \d+)?)\)(?P<rest>(?:\..*)?)",
    re.IGNORECASE,
)
_ICLOUD = re.compile(r"(?P<stem>.*\S) (?P<number>[2-9]|[1-9]\d)")
_NEW_WINDOWS = re.compile(r"(?:DESKTOP|LAPTOP)-[A-Z0-9]{7}")
"""What Windows calls a machine that nobody named."""


@dataclass(frozen=True, slots=True)
class ConflictCopy:
    """A copy that a sync made because two machines had written."""

    path: str
    original: str
    sync: Sync


def conflict_copies(paths: Iterable[str], machines: Collection[str]) -> tuple[ConflictCopy, ...]:
    """Return the conflict copies among `paths`, which are all files of one machine.

    `machines` are the names by which the fleet's machines call themselves.
    """
    known = frozenset(paths)
    names = frozenset(name.casefold() for name in machines)
    found = (_conflict(path, known, names) for path in sorted(known))
    return tuple(copy for copy in found if copy is not None)


def _conflict(path: str, known: frozenset[str], machines: frozenset[str]) -> ConflictCopy | None:
    pure = PurePosixPath(path)
    by_name: tuple[tuple[Sync, re.Pattern[str]], ...] = (
        ("Syncthing", _SYNCTHING),
        ("Dropbox", _DROPBOX),
    )
    for sync, pattern in by_name:
        if found := pattern.fullmatch(pure.name):
            return ConflictCopy(path, str(pure.with_name(found["stem"] + found["rest"])), sync)
    stem, suffix = pure.stem, pure.suffix
    if found := _ICLOUD.fullmatch(stem):
        original = str(pure.with_name(found["stem"] + suffix))
        if original in known:
            return ConflictCopy(path, original, "iCloud")
    for cut in (place for place, letter in enumerate(stem) if letter == "-" and place):
        ending = re.sub(r"-\d{1,2}$", "", stem[cut + 1 :])
        for name in (ending, stem[cut + 1 :]):
            is_machine = name.casefold() in machines or _NEW_WINDOWS.fullmatch(name) is not None
            original = str(pure.with_name(stem[:cut] + suffix))
            if is_machine and original in known:
                return ConflictCopy(path, original, "OneDrive")
    return None
