"""What kind of file system a folder lies on, told without touching it."""

from __future__ import annotations

import os
import re
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
"""One mount a line, of this process: proc(5)."""
_ESCAPED = re.compile(r"\\([0-7]{3})")


def file_system(folder: Path) -> str:
    """Return the kind (`ext4`, `vfat`) that a folder lies on.

    Empty where the system has no table of mounts.
    """
    path = os.path.realpath(folder)
    try:
        table = MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
    best, kind = "", ""
    for line in table.splitlines():
        place, found = _mount(line)
        # of two mounts on one place the later line is on top
        if found and _holds(place, path) and len(place) >= len(best):
            best, kind = place, found
    return kind


def _mount(line: str) -> tuple[str, str]:
    before, _, after = line.partition(" - ")
    words, kinds = before.split(" "), after.split(" ")
    if len(words) < 5:
        return "", ""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 8)), words[4]), kinds[0]


def _holds(place: str, path: str) -> bool:
    return path == place or path.startswith(place.rstrip(os.sep) + os.sep)
