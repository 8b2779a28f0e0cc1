"""What a face may ask of the part that knows the peers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from fleet_tui.model.peer import Message, Urgency


class PeersControl(Protocol):
    """Peers and their messages, seen from a face. Futures raise FleetError."""

    def refresh(self) -> Future[int]:
        """Look for sessions on every host now; resolves to how many there are."""

    def send(
        self, recipient: str, text: str, urgency: Urgency = "normal", reply_to: str = ""
    ) -> Future[Message]:
        """Write to one peer as the operator; resolves once it is in the log and the store."""

    def broadcast(self, scope: str, text: str, urgency: Urgency = "normal") -> Future[str]:
        """Write to all live peers of a scope; resolves to the id of the broadcast."""

    def confer(self, scope: str, questions: Sequence[str]) -> Future[str]:
        """Ask all live peers of a scope the same questions; resolves to the conference's id."""

    def export_conference(self, conference: str) -> Future[str]:
        """Write a conference's table as Markdown; resolves to the path of the file."""

    def reserve(self, path: str, reason: str, seconds: float) -> Future[tuple[str, ...]]:
        """Announce that the operator changes a path; resolves to whose reservations it meets."""

    def release(self, reservation: str) -> Future[bool]:
        """End a reservation before it expires."""

    def conversation(self, peer: str, limit: int = 500) -> Future[tuple[Message, ...]]:
        """Return the messages from and to a peer, oldest first, and count them as read."""

    def search(self, text: str, limit: int = 200) -> Future[tuple[Message, ...]]:
        """Return messages that hold `text`, newest first."""
