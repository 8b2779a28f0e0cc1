"""The conversations of the fleet's hosts: listed, searched and read where they lie."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.handoff.catalogue import find_threads, list_threads, read_heads
from fleet_tui.handoff.entries import BrokenLine, read_entry
from fleet_tui.handoff.places import ask_places
from fleet_tui.handoff.search import MOST_BYTES, search
from fleet_tui.handoff.slices import last_lines
from fleet_tui.model.errors import FleetError, UsageError
from fleet_tui.model.text import one_line
from fleet_tui.model.threads import HostHits, HostThreads, ThreadPage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import TypeVar

    from fleet_tui.model.threads import Said, Thread
    from fleet_tui.transport.base import Connector

    T = TypeVar("T")

HOSTS_AT_ONCE = 8
LISTED = 20
TAIL = 40
MOST_TAIL_BYTES = 8 << 20
LEAST_SEARCHED = 2
"""Characters of the shortest text that is searched for."""


class ThreadReader:
    """Reads transcripts over the fleet's connections; changes nothing on any host."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._turns = asyncio.Semaphore(HOSTS_AT_ONCE)

    async def list(self, hosts: Sequence[str], limit: int = LISTED) -> tuple[HostThreads, ...]:
        """Return the newest threads of each host; what is wrong with one stands in its answer."""

        async def one(host: str) -> HostThreads:
            connection = await self._connector.connection(host)
            places = await ask_places(connection)
            return await list_threads(host, await connection.files(), places, limit)

        return await self._each(hosts, one, lambda host, why: HostThreads(host, problem=why))

    async def search(
        self, hosts: Sequence[str], text: str, *, most_bytes: int = MOST_BYTES
    ) -> tuple[HostHits, ...]:
        """Return the threads of each host in which `text` was said; raises UsageError."""
        wanted = text.strip()
        if len(wanted) < LEAST_SEARCHED or "\n" in wanted:
            raise UsageError(
                f"{one_line(text, 40)!r} is nothing to search for",
                mend=f"give at least {LEAST_SEARCHED} characters of one line",
            )

        async def one(host: str) -> HostHits:
            connection = await self._connector.connection(host)
            places = await ask_places(connection)
            files = await connection.files()
            return await search(connection, files, places, wanted, most_bytes=most_bytes)

        return await self._each(hosts, one, lambda host, why: HostHits(host, problem=why))

    async def find(self, host: str, session: str) -> Thread:
        """Return the thread whose session id is or begins with `session`; raises UsageError."""
        connection = await self._connector.connection(host)
        places = await ask_places(connection)
        files = await connection.files()
        found = await find_threads(host, files, places)
        fitting = {one.session: one for one in reversed(found) if one.session.startswith(session)}
        if len(fitting) != 1:
            what = "no thread" if not fitting else f"{len(fitting)} threads"
            raise UsageError(
                f"{what} with id {one_line(session, 40)} on {host}",
                mend=f"see `fleet-tui threads {host}`",
            )
        (head,) = await read_heads(files, fitting.values())
        return head.thread

    async def read(self, host: str, session: str, tail: int = TAIL) -> ThreadPage:
        """Return the last `tail` things said in a thread; raises UsageError, Unreachable."""
        thread = await self.find(host, session)
        files = await (await self._connector.connection(host)).files()
        most = 1 << 18
        while True:
            try:
                lines, is_cut = await last_lines(files, thread.path, thread.size, most)
            except OSError as error:
                raise FleetError(
                    f"the transcript cannot be read: {error.strerror}", where=thread.path
                ) from None
            said, broken = _said(thread, lines)
            if len(said) >= tail or not is_cut or most >= MOST_TAIL_BYTES:
                break
            most *= 4
        return ThreadPage(thread, tuple(said[-tail:]), is_cut or len(said) > tail, broken)

    async def _each(
        self,
        hosts: Sequence[str],
        ask: Callable[[str], Awaitable[T]],
        failed: Callable[[str, str], T],
    ) -> tuple[T, ...]:
        async def one(host: str) -> T:
            async with self._turns:
                try:
                    return await ask(host)
                except FleetError as error:
                    return failed(host, str(error))

        return tuple(await asyncio.gather(*(one(host) for host in hosts)))


def _said(thread: Thread, lines: Sequence[bytes]) -> tuple[list[Said], int]:
    said: list[Said] = []
    broken = 0
    for line in lines:
        try:
            said += read_entry(thread.agent, line).said
        except BrokenLine:
            broken += 1
    return said, broken
