"""Peers as the screen sees them, in memory: messages are kept, and climb as tests say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from fleet_tui.model.ids import ulid
from fleet_tui.model.peer import OPERATOR, Message, Peer, Reservation
from fleet_tui.model.peers_view import PeersView
from tests.tui.answers import done

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from fleet_tui.model.peer import Urgency
    from fleet_tui.model.snapshot import PartView


class ShowsParts(Protocol):
    """What the fake needs of the fake core."""

    now: float
    calls: list[tuple[str, object]]

    def show_part(self, view: PartView) -> None: ...


class FakePeers:
    """Implements `PeersControl`; every change is in the picture at once."""

    def __init__(self, core: ShowsParts) -> None:
        self._core = core
        self.view = PeersView()

    def meet(self, *peers: Peer) -> None:
        """Let sessions be known."""
        self._show(peers=(*self.view.peers, *peers))

    def say(self, sender: str, recipient: str, text: str, **fields: object) -> Message:
        """Let a message be there."""
        number = len(self.view.messages) + 1
        identifier = f"m-{ulid(int(self._core.now * 1000), number)}"
        message = replace(
            Message(identifier, sender, recipient, text, identifier, self._core.now),
            sequence=number,
            is_read=recipient != OPERATOR,
            **fields,  # type: ignore[arg-type]
        )
        self._show(messages=(*self.view.messages, message))
        return message

    def climb(self, message: Message, **fields: object) -> Message:
        """Let a message be on another rung."""
        new = replace(message, **fields)  # type: ignore[arg-type]
        self._show(messages=tuple(new if m.id == new.id else m for m in self.view.messages))
        return new

    def change(self, **changes: object) -> None:
        """Change the picture."""
        self._show(**changes)

    def refresh(self) -> Future[int]:
        self._core.calls.append(("refresh", None))
        return done(len(self.view.peers))

    def send(
        self, recipient: str, text: str, urgency: Urgency = "normal", reply_to: str = ""
    ) -> Future[Message]:
        self._core.calls.append(("send", (recipient, text, urgency, reply_to)))
        return done(self.say(OPERATOR, recipient, text, urgency=urgency, reply_to=reply_to))

    def broadcast(self, scope: str, text: str, urgency: Urgency = "normal") -> Future[str]:
        self._core.calls.append(("broadcast", (scope, text, urgency)))
        return done("b-1")

    def confer(self, scope: str, questions: Sequence[str]) -> Future[str]:
        self._core.calls.append(("confer", (scope, tuple(questions))))
        return done("c-1")

    def export_conference(self, conference: str) -> Future[str]:
        self._core.calls.append(("export", conference))
        return done("/tmp/c-1.md")

    def reserve(self, path: str, reason: str, seconds: float) -> Future[tuple[str, ...]]:
        self._core.calls.append(("reserve", (path, reason, seconds)))
        made = Reservation("v-1", OPERATOR, path, reason, self._core.now, self._core.now + seconds)
        self._show(reservations=(*self.view.reservations, made))
        return done(())

    def release(self, reservation: str) -> Future[bool]:
        self._core.calls.append(("release", reservation))
        self._show(reservations=())
        return done(True)

    def conversation(self, peer: str, limit: int = 500) -> Future[tuple[Message, ...]]:
        read = tuple(
            replace(m, is_read=True) if m.sender == peer else m for m in self.view.messages
        )
        self._show(messages=read)
        return done(tuple(m for m in read if peer in (m.sender, m.recipient)))

    def search(self, text: str, limit: int = 200) -> Future[tuple[Message, ...]]:
        return done(tuple(m for m in self.view.messages[::-1] if text in m.text))

    def _show(self, **changes: object) -> None:
        self.view = replace(self.view, **changes)  # type: ignore[arg-type]
        self._core.show_part(self.view)
