"""A durable run seen as one process, however often contact with its host is lost."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from fleet_tui.model.errors import Unreachable
from fleet_tui.transport.base import ExitStatus
from fleet_tui.transport.durable import RunUnknown, follow, launch
from fleet_tui.transport.durable_control import feed, kill_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.dispatch.recorder import RunRecorder
    from fleet_tui.model.clock import Clock
    from fleet_tui.transport.base import Connection, Connector, SignalName
    from fleet_tui.transport.durable import DurableProcess, DurableSpec

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
"""Seconds between attempts to find a run again; they double, with jitter, up to the longest."""
ANSWER_SECONDS = 30.0
"""How long a host may take to say that it has a run."""
LAUNCH_PATIENCE = 60.0
"""How long a launch whose answer was lost is tried again. It starts the run once, however often."""


class FollowedProcess:
    """Follows from the last byte that arrived until the host says how the run ended.

    With a `spec` the run is launched first, without one it is found. `abort` ends the following
    and leaves the run alone.
    """

    def __init__(
        self,
        recorder: RunRecorder,
        connector: Connector,
        clock: Clock,
        on_contact: Callable[[float | None], None],
        spec: DurableSpec | None = None,
    ) -> None:
        self._recorder = recorder
        self._connector = connector
        self._clock = clock
        self._on_contact = on_contact
        """Told the Unix time at which contact was lost, and None when it is there."""
        self._spec = spec
        self._begun = clock.monotonic()
        self._process: DurableProcess | None = None
        self._connection: Connection | None = None
        self._fed: int | None = None
        """Bytes of input the host has acknowledged; unknown until the first contact."""
        self._is_in_contact = asyncio.Event()
        self._pending: list[SignalName] = []
        self._is_closing = False
        self._abandoned: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._why_lost = ""

    async def contact(self, connection: Connection) -> None:
        """Launch the run, or go on with it; raises Unreachable, RunUnknown, FleetError."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                process = await self._reach(connection)
        except TimeoutError:
            raise Unreachable(
                f"the host's shell gave no answer within {ANSWER_SECONDS:g} s",
                host=self._recorder.host,
                fault="silent",
                mend=f"try `ssh {self._recorder.host} true`",
            ) from None
        self._process = process
        self._connection = connection
        if self._fed is None:
            self._fed = process.fed
        self._is_in_contact.set()
        self._on_contact(None)
        if self._is_closing:
            process.close_stdin()
        pending, self._pending = self._pending, []
        for name in pending:
            process.send_signal(name)

    async def _reach(self, connection: Connection) -> DurableProcess:
        if self._spec is not None:
            process = await launch(connection, self._spec, self._recorder)
            self._spec = None
            return process
        return await follow(
            connection,
            self._recorder.run,
            self._recorder,
            out_offset=self._recorder.out_bytes,
            err_offset=self._recorder.err_bytes,
        )

    async def wait(self) -> ExitStatus:
        """Return the run's true end, or a lost status once given up or unknown to its host."""
        pause = FIRST_PAUSE
        while not self._abandoned.done():
            try:
                if self._process is None:
                    await self.contact(await self._connector.connection(self._recorder.host))
                status = await self._followed()
            except RunUnknown as error:
                return ExitStatus(reason=str(error))
            except Unreachable as error:
                status = ExitStatus(reason=error.what)
            else:
                pause = FIRST_PAUSE
            if not status.is_lost:
                return status
            self._lost(status.reason)
            if self._spec is not None and self._has_waited(LAUNCH_PATIENCE):
                break
            await asyncio.wait({self._abandoned}, timeout=pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, LONGEST_PAUSE)
        return ExitStatus(reason=self._why_lost)

    async def write(self, data: bytes) -> None:
        """Put `data` into the run's input, once, however often contact is lost meanwhile."""
        while True:
            await self._is_in_contact.wait()
            assert self._connection is not None
            assert self._fed is not None
            try:
                self._fed = await feed(self._connection, self._recorder.run, self._fed, data)
            except (Unreachable, TimeoutError):
                self._is_in_contact.clear()
                if self._process is not None and self._connection.is_open:
                    self._is_in_contact.set()
                await asyncio.sleep(FIRST_PAUSE)
            else:
                return

    def close_stdin(self) -> None:
        """End the run's standard input, now or as soon as contact is back."""
        self._is_closing = True
        if self._process is not None:
            self._process.close_stdin()

    def send_signal(self, name: SignalName) -> None:
        """Signal the run now, or as soon as contact is back."""
        if self._process is None:
            self._pending.append(name)
        else:
            self._process.send_signal(name)

    def pause_reading(self) -> None:
        """Stop taking bytes; the run goes on into its files."""
        if self._process is not None:
            self._process.pause_reading()

    def resume_reading(self) -> None:
        """Go on taking bytes."""
        if self._process is not None:
            self._process.resume_reading()

    def abort(self) -> None:
        """Follow no longer."""
        if not self._abandoned.done():
            self._abandoned.set_result(None)
        if self._process is not None:
            self._process.abort()

    async def sweep(self) -> int:
        """Kill what left the run's process group; returns how many. Raises Unreachable."""
        connection = await self._connector.connection(self._recorder.host)
        return (await kill_tree(connection, self._recorder.run)).swept

    async def _followed(self) -> ExitStatus:
        process = self._process
        assert process is not None
        try:
            return await process.wait()
        finally:
            self._process = None
            self._is_in_contact.clear()

    def _lost(self, why: str) -> None:
        if why and why != self._why_lost:
            self._why_lost = why
            self._on_contact(self._clock.time())

    def _has_waited(self, seconds: float) -> bool:
        return self._clock.monotonic() - self._begun > seconds
