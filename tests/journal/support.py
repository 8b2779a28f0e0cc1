"""What the tests of the journal share."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from fleet_tui.journal import LogEntry

if TYPE_CHECKING:
    from pathlib import Path


class FakeClock:
    """Time that moves only when told to."""

    def __init__(self, now: float = 1_779_132_121.123456) -> None:
        self.now = now

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


def entry(index: int = 0, **fields: str | int | float | None) -> LogEntry:
    return LogEntry("dispatch", {"run": f"r-{index}", "host": "droplet", **fields})


def raw_lines(path: Path) -> list[bytes]:
    return path.read_bytes().splitlines(keepends=True)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def add_bytes(path: Path, data: bytes) -> None:
    """Append as a program would that knows nothing of us."""
    path.parent.mkdir(exist_ok=True, mode=0o700)
    with path.open("ab") as stream:
        stream.write(data)


def closing(index: int = 0, status: str = "ok") -> LogEntry:
    return LogEntry("result", {"run": f"r-{index}", "status": status})
