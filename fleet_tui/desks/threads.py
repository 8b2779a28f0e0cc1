"""The conversations of the hosts for a face, and handing them over."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.handoff.plan import HandoffRequest
from fleet_tui.model.errors import Refused
from fleet_tui.model.target import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from concurrent.futures import Future

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.threads import HostHits, HostThreads, ThreadPage, WaitingDocument


class ThreadsDesk:
    """Implements `model.threads_control.ThreadsControl`."""

    def __init__(
        self, call: Callable[[Coroutine[None, None, object]], Future[object]], fleet: Fleet
    ) -> None:
        self._call = call
        self._fleet = fleet

    def list(self, target: str, limit: int) -> Future[tuple[HostThreads, ...]]:
        """Return the newest threads of each host."""

        async def work() -> tuple[HostThreads, ...]:
            return await self._fleet.parts.threads.list(self._names(target), limit)

        return self._call(work())  # type: ignore[return-value]

    def search(self, target: str, text: str) -> Future[tuple[HostHits, ...]]:
        """Return the threads in which `text` was said."""

        async def work() -> tuple[HostHits, ...]:
            return await self._fleet.parts.threads.search(self._names(target), text)

        return self._call(work())  # type: ignore[return-value]

    def read(self, host: str, session: str, tail: int) -> Future[ThreadPage]:
        """Return the end of a thread, on the host that it was handed over to."""

        async def work() -> ThreadPage:
            desk = self._fleet.parts.handoff
            place = await asyncio.to_thread(desk.where, host, session)
            return await self._fleet.parts.threads.read(place, session, tail)

        return self._call(work())  # type: ignore[return-value]

    def hand_off(
        self, run_id: str, to: str, workdir: str | None, *, takes_tree: bool
    ) -> Future[str]:
        """Move a run's session to another host."""

        async def work() -> str:
            self._refuse_if_read_only()
            request = HandoffRequest(run_id, to, workdir, takes_tree)
            done = await self._fleet.parts.handoff.hand_off(request)
            return f"The session is on {done.target} now, in {done.workdir}; resume goes on there."

        return self._call(work())  # type: ignore[return-value]

    def take_back(self, run_id: str) -> Future[str]:
        """Undo the last hand-off of a run's session."""

        async def work() -> str:
            self._refuse_if_read_only()
            done = await self._fleet.parts.handoff.take_back(run_id)
            return f"The session is on {done.source} again."

        return self._call(work())  # type: ignore[return-value]

    def waiting(self, hosts: Sequence[str]) -> Future[tuple[WaitingDocument, ...]]:
        """Return the hand-off documents that lie where runs of these hosts start."""

        async def work() -> tuple[WaitingDocument, ...]:
            desk, names = self._fleet.parts.handoff, tuple(hosts)
            return await asyncio.to_thread(desk.waiting, names)

        return self._call(work())  # type: ignore[return-value]

    def _names(self, target: str) -> Sequence[str]:
        return resolve(target, self._fleet.config.hosts)

    def _refuse_if_read_only(self) -> None:
        self._fleet.require_keeping()
        if self._fleet.is_read_only:
            raise Refused("--read-only changes nothing", mend="start without it")
