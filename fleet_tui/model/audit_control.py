"""What a face may ask of the audit log; futures resolve on the core's thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from concurrent.futures import Future


@dataclass(frozen=True, slots=True)
class LogPlace:
    """How far the log has been read."""

    file: int = 0
    """The file's own number, which it keeps when it is rotated."""
    offset: int = 0
    after: str = ""
    """The last line that was given out, when it may stand behind `offset`."""


@dataclass(frozen=True, slots=True)
class LogPage:
    """Lines of the audit log as they stand, oldest first, and where the next ones begin."""

    lines: tuple[str, ...]
    place: LogPlace


@dataclass(frozen=True, slots=True)
class LogVerdict:
    """Whether the chain of the log holds."""

    holds: bool
    lines: int
    files: int
    unchained: int
    """Lines of other programs, which carry no hash."""
    reason: str = ""
    """Which line does not fit, and why; empty when all do."""


@dataclass(frozen=True, slots=True)
class LogQuestion:
    """Which lines are wanted."""

    words: tuple[str, ...] = ()
    """As `fleet-tui log` takes them: events, `key=value`, free words."""
    is_own: bool = False
    """Only what this program did since it was started."""


class AuditControl(Protocol):
    """The audit log, seen from a face."""

    def page(self, wanted: LogQuestion, limit: int) -> Future[LogPage]:
        """Return the last `limit` lines that fit."""

    def more(self, wanted: LogQuestion, place: LogPlace) -> Future[LogPage]:
        """Return the lines that fit and were written since `place`."""

    def verify(self) -> Future[LogVerdict]:
        """Check the whole chain."""
