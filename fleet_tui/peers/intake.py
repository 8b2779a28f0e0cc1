"""Keeps messages that come at the same time with one commit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.model.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.peer import Message
    from fleet_tui.peers.store import PeerStore


class Intake:
    """What is added in one turn of the loop is one transaction; belongs to one loop."""

    def __init__(self, store: PeerStore) -> None:
        self._store = store
        self._waiting: list[tuple[Sequence[Message], asyncio.Future[None]]] = []

    async def add(self, messages: Sequence[Message]) -> None:
        """Return once they are in the store; raises JournalError, and none of them is then."""
        loop = asyncio.get_running_loop()
        added: asyncio.Future[None] = loop.create_future()
        self._waiting.append((messages, added))
        if len(self._waiting) == 1:
            loop.call_soon(self._commit)
        await added

    def _commit(self) -> None:
        waiting, self._waiting = self._waiting, []
        refusal: JournalError | None = None
        try:
            self._store.add(message for messages, _ in waiting for message in messages)
        except JournalError as error:
            refusal = error
        for _, added in waiting:
            if added.done():
                continue
            if refusal is None:
                added.set_result(None)
            else:
                added.set_exception(
                    JournalError(refusal.what, where=refusal.where, mend=refusal.mend)
                )
