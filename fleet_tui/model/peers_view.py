"""The picture of the agent sessions and their messages that the screen is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.model.snapshot import PartView

if TYPE_CHECKING:
    from fleet_tui.model.peer import Message, Peer, Reservation


@dataclass(frozen=True, slots=True)
class Answered:
    """One peer's row in a conference."""

    peer: str
    asked_at: float
    rung: str
    answers: tuple[str, ...]
    """One an question; empty texts where none came yet."""
    answered_at: float | None = None
    is_gone: bool = False


@dataclass(frozen=True, slots=True)
class ConferenceView:
    """One set of questions to many peers, and what they said so far."""

    id: str
    scope: str
    questions: tuple[str, ...]
    asked_at: float
    rows: tuple[Answered, ...] = ()

    @property
    def missing(self) -> tuple[Answered, ...]:
        """Who has not answered."""
        return tuple(row for row in self.rows if row.answered_at is None)


@dataclass(frozen=True, slots=True)
class PeersView(PartView):
    """All peers, the newest messages, reservations and conferences."""

    peers: tuple[Peer, ...] = ()
    messages: tuple[Message, ...] = ()
    """The newest ones, oldest first."""
    reservations: tuple[Reservation, ...] = ()
    conferences: tuple[ConferenceView, ...] = ()
    broker: str = ""
    """Where the broker listens and whom it reaches; empty when it is not configured."""
    looked_at: float = 0.0
    """When sessions were last looked for, Unix seconds; 0 before the first time."""

    def unread_of(self, peer: str) -> int:
        """Return how many messages of a peer to the operator were not opened yet."""
        return sum(not message.is_read and message.sender == peer for message in self.messages)

    @property
    def unread(self) -> int:
        """Return how many messages to the operator were not opened yet."""
        return sum(not message.is_read for message in self.messages)
