"""What the store remembers of the log's end, so that a log cut off at its end is noticed."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.journal.disk import BINARY

if TYPE_CHECKING:
    from pathlib import Path

_FORM = re.compile(rb"([0-9]{20}) ([0-9a-f]{32})\n")


@dataclass(frozen=True, slots=True)
class Head:
    """The last line known to be on disk: its number and its hash."""

    sequence: int
    hash: str


def read_head(path: Path) -> Head | None:
    """Return the remembered head; None when there is none or it cannot be read."""
    try:
        found = _FORM.fullmatch(path.read_bytes())
    except OSError:
        return None
    return Head(int(found[1]), found[2].decode()) if found else None


def write_head(path: Path, head: Head) -> None:
    """Remember `head`, in one small write; raises OSError.

    It is not synced: after a power failure an older head is as good, a newer one never exists.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | BINARY, 0o600)
    try:
        os.write(fd, f"{head.sequence:020d} {head.hash}\n".encode())
    finally:
        os.close(fd)
