"""A connector whose hosts answer by script, for tests of what happens above the transport."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from fleet_tui.model.errors import Unreachable
from fleet_tui.transport.base import (
    Completed,
    ExitStatus,
    ProcessSink,
    RemoteFiles,
    SignalName,
)

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from fleet_tui.model.host import Host

Script = Callable[["ScriptedProcess"], Coroutine[None, None, ExitStatus]]


@dataclass(slots=True)
class ScriptedProcess:
    """A process whose behaviour is a coroutine function."""

    line: str
    sink: ProcessSink
    stdin: bytes | None
    signals: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    task: asyncio.Task[ExitStatus] | None = None

    async def wait(self) -> ExitStatus:
        assert self.task is not None
        try:
            return await asyncio.shield(self.task)
        except asyncio.CancelledError:
            if self.task.cancelled():
                return ExitStatus(reason="aborted")
            raise

    async def write(self, data: bytes) -> None:
        raise AssertionError("these scripts read no further input")

    def close_stdin(self) -> None: ...

    def send_signal(self, name: SignalName) -> None:
        self.signals.put_nowait(name)

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def abort(self) -> None:
        assert self.task is not None
        self.task.cancel()


class ScriptedConnection:
    """Starts the same script for every command."""

    def __init__(self, host: Host, script: Script) -> None:
        self.host = host
        self.is_open = True
        self.started: list[ScriptedProcess] = []
        self._script = script

    async def start(
        self, line: str, sink: ProcessSink, *, stdin: bytes | Literal["open"] | None = None
    ) -> ScriptedProcess:
        assert stdin != "open"
        process = ScriptedProcess(line, sink, stdin)
        self.started.append(process)
        process.task = asyncio.create_task(self._script(process))
        return process

    async def run(
        self, line: str, *, stdin: bytes | None = None, timeout: float, limit: int = 1 << 20
    ) -> Completed:
        raise AssertionError("these tests probe nothing")

    async def files(self) -> RemoteFiles:
        raise Unreachable("no files", host=self.host.name, fault="other")

    def forward_local(self, remote_host: str, remote_port: int) -> AbstractAsyncContextManager[int]:
        raise AssertionError("these tests forward nothing")

    def forward_remote(self, local_port: int) -> AbstractAsyncContextManager[int]:
        raise AssertionError("these tests forward nothing")

    def close(self) -> None:
        self.is_open = False


class ScriptedConnector:
    """Hosts by name; one without a script cannot be reached."""

    def __init__(self, hosts: tuple[Host, ...], scripts: dict[str, Script]) -> None:
        self.connections = {
            host.name: ScriptedConnection(host, scripts[host.name])
            for host in hosts
            if host.name in scripts
        }

    async def connection(self, host: str) -> ScriptedConnection:
        if host not in self.connections:
            raise Unreachable(
                "connection refused", host=host, fault="refused", mend="start sshd there"
            )
        return self.connections[host]

    async def closed(self) -> AsyncIterator[str]:
        names: tuple[str, ...] = ()
        for name in names:
            yield name


def prints(text: bytes, code: int = 0) -> Script:
    """Return a script that prints `text` and exits."""

    async def script(process: ScriptedProcess) -> ExitStatus:
        process.sink.stdout_received(text)
        return ExitStatus(code=code)

    return script


async def obeys(process: ScriptedProcess) -> ExitStatus:
    """Run until a signal comes, and die of it."""
    name = await process.signals.get()
    return ExitStatus(signal=name)


async def vanishes(process: ScriptedProcess) -> ExitStatus:
    """Print a line and lose contact."""
    process.sink.stdout_received(b"begun\n")
    return ExitStatus(reason="no answer to keepalive")
