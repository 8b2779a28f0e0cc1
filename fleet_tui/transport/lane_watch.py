"""A lane under the sweep's eye: whether it was heard, how fast it answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.transport.asyncssh_seams import heard_since, ping

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.transport.lane import Lane


class LaneWatch:
    """Probes a lane; every answer is a sign of life and a measure of latency."""

    __slots__ = (
        "_lane",
        "_on_answer",
        "_probes",
        "_was_answered",
    )

    def __init__(self, lane: Lane, on_answer: Callable[[float], None]) -> None:
        self._lane = lane
        self._on_answer = on_answer
        self._was_answered = False
        self._probes: list[asyncio.Task[None]] = []

    def heard_something(self) -> bool:
        """Return whether bytes arrived since the last call."""
        answered, self._was_answered = self._was_answered, False
        connection = self._lane.connection
        return (connection is not None and heard_since(connection)) or answered

    def probe(self) -> None:
        """Ask for a sign of life in the background."""
        task = asyncio.get_running_loop().create_task(self._ask())
        self._probes.append(task)
        task.add_done_callback(self._probes.remove)

    def give_up(self, reason: str) -> None:
        """End the lane as lost."""
        self.stop()
        self._lane.lose(reason)

    def stop(self) -> None:
        """Forget questions that are still open."""
        for task in tuple(self._probes):
            task.cancel()

    async def _ask(self) -> None:
        connection = self._lane.connection
        if connection is None or not self._lane.is_open:
            return
        loop = asyncio.get_running_loop()
        asked_at = loop.time()
        await ping(connection)
        if self._lane.is_open:
            self._was_answered = True
            self._on_answer(loop.time() - asked_at)
