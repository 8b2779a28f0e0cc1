"""Deletes what old runs said, so that the state folder does not grow for ever."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

YOUNGEST_SECONDS = 3600.0
"""What was written to within the last hour is never deleted, whatever the bounds say."""
_DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Collected:
    """What was deleted."""

    spools: int
    bytes: int


@dataclass(frozen=True, slots=True)
class _Old:
    path: Path
    written_at: float
    size: int


def collect_old(
    data_dir: Path,
    *,
    now: float,
    keep_days: float,
    keep_bytes: int,
    open_runs: Collection[str],
    open_dispatches: Collection[str] = (),
) -> Collected:
    """Delete spools older than `keep_days`, then the oldest until `keep_bytes` are left.

    Those of open runs stay, and so do the records in store and log. What cannot be deleted is
    left for the next time. Timelines go with age only: they are small.
    """
    spools = [_old(entry) for entry in _entries(data_dir / "runs") if entry.name not in open_runs]
    kept = sum(spool.size for spool in spools)
    count = freed = 0
    for spool in sorted(spools, key=lambda spool: spool.written_at):
        age = now - spool.written_at
        if age < YOUNGEST_SECONDS or (age < keep_days * _DAY and kept <= keep_bytes):
            break
        shutil.rmtree(spool.path, ignore_errors=True)
        if spool.path.exists():
            continue
        kept -= spool.size
        freed += spool.size
        count += 1
    for entry in _entries(data_dir / "dispatches"):
        if entry.name.partition(".")[0] not in open_dispatches:
            old = _old(entry)
            if now - old.written_at >= max(keep_days * _DAY, YOUNGEST_SECONDS):
                entry.unlink(missing_ok=True)
    return Collected(count, freed)


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []


def _old(path: Path) -> _Old:
    """Return when something was last written to, and its size, files within it included."""
    files = [path]
    if path.is_dir():
        files += [path / name for name in os.listdir(path)]
    written_at, size = 0.0, 0
    for file in files:
        try:
            found = file.lstat()
        except FileNotFoundError:
            continue
        written_at = max(written_at, found.st_mtime)
        if file is not path or not path.is_dir():
            # a hole of lost bytes takes no room
            size += min(found.st_size, getattr(found, "st_blocks", 1 << 40) * 512)
    return _Old(path, written_at, size)
