"""A run's process on its way to its end: by itself, or by the ladder once somebody asks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.dispatch.following import FollowedProcess
from fleet_tui.dispatch.ladder import stop
from fleet_tui.model.errors import Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.dispatch.judging import StopReason
    from fleet_tui.dispatch.ladder import Patience
    from fleet_tui.transport.base import ExitStatus, Process, SignalName

SWEEP_SECONDS = 10.0


class Stopper:
    """Ends one process, once; whoever asks first gives the reason."""

    def __init__(self, first: SignalName, patience: Patience, note: Callable[[str], None]) -> None:
        """Take the signal to begin with, and where to write what was found when it was over."""
        self.why: StopReason | None = None
        """Why the run is to end; None while it may go on."""
        self.has_signalled = False
        """True once the process was sent a signal."""
        self._first = first
        self._patience = patience
        self._note = note
        self._process: Process | None = None
        self._ended: asyncio.Future[None] | None = None
        self._ladder: asyncio.Task[None] | None = None

    def request(self, why: StopReason) -> bool:
        """End the process, or see that it ends when it begins; False if asked before."""
        if self.why is not None:
            return False
        self.why = why
        self._end_process()
        return True

    async def watch(self, process: Process) -> ExitStatus:
        """Return how `process` ended, and not before the ladder is through with it.

        Cancelled, it lets go of the process.
        """
        self._process, self._ended = process, asyncio.get_running_loop().create_future()
        if self.why is not None:
            self._end_process()
        try:
            status = await process.wait()
        except asyncio.CancelledError:
            process.abort()
            raise
        finally:
            self._ended.set_result(None)
        if self._ladder is not None:
            await self._ladder
        return status

    def _end_process(self) -> None:
        if self._process is not None and self._ended is not None and self._ladder is None:
            self._ladder = asyncio.create_task(self._climb_down(self._process, self._ended))

    async def _climb_down(self, process: Process, ended: asyncio.Future[None]) -> None:
        """End the process by the ladder, and what it left running; not if it ended by itself."""
        if ended.done():
            return
        self.has_signalled = True
        await stop(process, ended, first=self._first, patience=self._patience)
        if isinstance(process, FollowedProcess):
            await self._sweep(process)

    async def _sweep(self, process: FollowedProcess) -> None:
        """End what left the run's process group, as agents' tools do."""
        try:
            async with asyncio.timeout(self._patience.after_kill + SWEEP_SECONDS):
                swept = await process.sweep()
        except (TimeoutError, Unreachable) as error:
            self._note(f"could not look for what it left running: {error}")
        else:
            if swept:
                self._note(f"ended {swept} processes that it had left running")
