"""Following a durable run to its end, however often contact is lost."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_tui.model.errors import Unreachable
from fleet_tui.transport.durable import DurableSpec, follow, launch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fleet_tui.transport.base import Connection, ExitStatus, ProcessSink
    from fleet_tui.transport.durable import DurableProcess

RETRY_SECONDS = 0.05


@dataclass
class Persistence:
    """What a caller does: launch until it is told that the run is there, then follow."""

    connect: Callable[[], Awaitable[Connection]]
    sink: ProcessSink
    launches: int = 0
    follows: int = 0
    current: DurableProcess | None = None
    started: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, spec: DurableSpec) -> ExitStatus:
        """Launch, and follow to the end; returns the true status, raises RunUnknown."""
        return await self.go_on(spec.run, spec=spec)

    async def write(self, data: bytes) -> None:
        """Write to the run as soon as there is contact, again where that is lost: it comes once."""
        while True:
            await self.started.wait()
            assert self.current is not None
            try:
                return await self.current.write(data)
            except (Unreachable, TimeoutError):
                await asyncio.sleep(RETRY_SECONDS)

    async def go_on(
        self, run: str, *, spec: DurableSpec | None = None, out: int = 0, err: int = 0
    ) -> ExitStatus:
        """Follow to the end from these offsets."""
        is_known = spec is None
        while True:
            try:
                connection = await self.connect()
                if not is_known and spec is not None:
                    self.launches += 1
                    process = await launch(connection, spec, self.sink)
                else:
                    self.follows += 1
                    process = await follow(
                        connection, run, self.sink, out_offset=out, err_offset=err
                    )
            except Unreachable:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            is_known = True
            self.current = process
            self.started.set()
            status = await process.wait()
            out, err = process.out_offset, process.err_offset
            if not status.is_lost:
                return status
