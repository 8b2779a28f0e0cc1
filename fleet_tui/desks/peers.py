"""Peers and their messages for a face: every call goes to the core's loop."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from fleet_tui.model.errors import FleetError
from fleet_tui.model.peer import OPERATOR, parse_scope
from fleet_tui.peers.conference import as_markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.peer import Message, Urgency
    from fleet_tui.peers.service import PeerService


class PeersDesk:
    """Implements `model.peers_control.PeersControl`."""

    def __init__(self, call: Callable[[Coroutine[None, None, Any]], Future[Any]], fleet: Fleet):
        self._call = call
        self._fleet = fleet

    @property
    def _service(self) -> PeerService:
        return self._fleet.parts.peers

    def refresh(self) -> Future[int]:
        """Look for sessions on every host now."""
        return self._do(lambda service: service.refresh())

    def send(
        self, recipient: str, text: str, urgency: Urgency = "normal", reply_to: str = ""
    ) -> Future[Message]:
        """Write to one peer as the operator."""
        return self._do(
            lambda service: service.post.send(
                OPERATOR, recipient, text, urgency=urgency, reply_to=reply_to
            )
        )

    def broadcast(self, scope: str, text: str, urgency: Urgency = "normal") -> Future[str]:
        """Write to all live peers of a scope."""
        return self._do(lambda service: service.broadcast(parse_scope(scope), text, urgency))

    def confer(self, scope: str, questions: Sequence[str]) -> Future[str]:
        """Ask all live peers of a scope the same questions."""
        asked = list(questions)
        return self._do(lambda service: service.conferences.ask(parse_scope(scope), asked))

    def export_conference(self, conference: str) -> Future[str]:
        """Write a conference's table as Markdown into the fleet's state folder."""

        async def export(service: PeerService) -> str:
            view = service.conferences.view(conference)
            text = as_markdown(view, self._fleet.clock.time())
            path = self._fleet.data_dir / "conferences" / f"{view.id}.md"
            await asyncio.to_thread(_write, path, text)
            return str(path)

        return self._do(export)

    def reserve(self, path: str, reason: str, seconds: float) -> Future[tuple[str, ...]]:
        """Announce that the operator changes a path."""

        async def make(service: PeerService) -> tuple[str, ...]:
            return (await service.reservations.make(OPERATOR, path, reason, seconds)).conflicts

        return self._do(make)

    def release(self, reservation: str) -> Future[bool]:
        """End a reservation before it expires."""

        async def release(service: PeerService) -> bool:
            return service.reservations.release(reservation)

        return self._do(release)

    def conversation(self, peer: str, limit: int = 500) -> Future[tuple[Message, ...]]:
        """Return the messages from and to a peer, and count them as read."""

        async def read(service: PeerService) -> tuple[Message, ...]:
            return service.conversation(peer, limit)

        return self._do(read)

    def search(self, text: str, limit: int = 200) -> Future[tuple[Message, ...]]:
        """Return messages that hold `text`, newest first."""

        async def search(service: PeerService) -> tuple[Message, ...]:
            return await asyncio.to_thread(service.search, text, limit)

        return self._do(search)

    def _do(self, work: Callable[[PeerService], Coroutine[None, None, Any]]) -> Future[Any]:
        """Run `work` once the fleet is open; its part is opened on the core's loop alone."""

        async def run() -> Any:
            return await work(self._service)

        return self._call(run())


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise FleetError(f"cannot write the table: {error.strerror}", where=str(path)) from error
