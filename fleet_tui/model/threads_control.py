"""What a face may ask of the conversations that agents keep on hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from fleet_tui.model.threads import HostHits, HostThreads, ThreadPage, WaitingDocument


class ThreadsControl(Protocol):
    """Lists, searches and reads threads, and hands them over."""

    def list(self, target: str, limit: int) -> Future[tuple[HostThreads, ...]]:
        """Return the newest threads of each host of a target; raises TargetError."""

    def search(self, target: str, text: str) -> Future[tuple[HostHits, ...]]:
        """Return the threads in which `text` was said; raises TargetError, UsageError."""

    def read(self, host: str, session: str, tail: int) -> Future[ThreadPage]:
        """Return the end of a thread; raises UsageError, Unreachable."""

    def hand_off(
        self, run_id: str, to: str, workdir: str | None, *, takes_tree: bool
    ) -> Future[str]:
        """Move a run's session to another host; resolves to a sentence on where it is now.

        Raises UsageError, Refused, Unreachable, FleetError.
        """

    def take_back(self, run_id: str) -> Future[str]:
        """Undo the last hand-off of a run's session; resolves to a sentence."""

    def waiting(self, hosts: Sequence[str]) -> Future[tuple[WaitingDocument, ...]]:
        """Return the hand-off documents that lie where runs of these hosts start."""
