"""What a face may ask of the runs of the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from concurrent.futures import Future

    from fleet_tui.model.history import Comparison, HistoryPage


class HistoryControl(Protocol):
    """Finds, compares and exports runs; changes nothing."""

    def find(self, words: str, limit: int, first: int = 0) -> Future[HistoryPage]:
        """Return runs that fit a line of words (`model.run_filter`), newest first.

        Raises UsageError, TargetError.
        """

    def compare(self, left: str, right: str) -> Future[Comparison]:
        """Return how the answers of two runs differ; raises UsageError for an unknown one."""

    def export(self, run_id: str) -> Future[str]:
        """Return a run as Markdown; raises UsageError."""

    def save(self, run_id: str, path: str) -> Future[str]:
        """Write a run as Markdown to a new file here; resolves to its path.

        Raises UsageError for a file that is there already, or cannot be written.
        """
