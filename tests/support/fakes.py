"""Hosts that answer by script, for tests of what happens above the transport."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from fleet_tui.model.errors import FleetError, Unreachable
from fleet_tui.model.host import LinkStatus
from fleet_tui.transport.base import (
    Completed,
    ExitStatus,
    ProcessSink,
    RemoteFiles,
    SignalName,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from contextlib import AbstractAsyncContextManager

    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host

Script = Callable[["ScriptedProcess"], Coroutine[None, None, ExitStatus]]

PROBE_ANSWER = (
    "fleet-probe=1\nhostname={host}\nsystem=Linux 6.1\nhome=/home/op\n"
    "agent.claude.path=/opt/{host}/claude\nagent.claude.version=2.1.329\n"
    "fleet-probe-end=1\n"
)
"""What a host with Claude Code and no Codex answers."""


@dataclass(slots=True)
class ScriptedProcess:
    """A process whose behaviour is a coroutine function."""

    host: str
    line: str
    sink: ProcessSink
    stdin: bytes | None
    signals: asyncio.Queue[SignalName] = field(default_factory=asyncio.Queue)
    received: list[SignalName] = field(default_factory=list)
    was_aborted: bool = False
    task: asyncio.Task[ExitStatus] | None = None

    async def wait(self) -> ExitStatus:
        assert self.task is not None
        try:
            return await asyncio.shield(self.task)
        except asyncio.CancelledError:
            if self.was_aborted:
                return ExitStatus(reason="given up")
            raise

    async def write(self, data: bytes) -> None:
        raise AssertionError("these scripts read no further input")

    def close_stdin(self) -> None: ...

    def send_signal(self, name: SignalName) -> None:
        self.received.append(name)
        self.signals.put_nowait(name)

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def abort(self) -> None:
        assert self.task is not None
        self.was_aborted = True
        self.task.cancel()


class ScriptedConnection:
    """Starts its host's script for every command, and answers every probe alike."""

    def __init__(self, host: Host, pool: ScriptedPool) -> None:
        self.host = host
        self.is_open = True
        self._pool = pool

    async def start(
        self, line: str, sink: ProcessSink, *, stdin: bytes | Literal["open"] | None = None
    ) -> ScriptedProcess:
        assert stdin != "open"
        process = ScriptedProcess(self.host.name, line, sink, stdin)
        self._pool.on_start(process)
        self._pool.started.append(process)
        process.task = asyncio.create_task(self._pool.scripts[self.host.name](process))
        return process

    async def run(
        self, line: str, *, stdin: bytes | None = None, timeout: float, limit: int = 1 << 20
    ) -> Completed:
        self._pool.probed.append(self.host.name)
        answer = self._pool.probe_answer.format(host=self.host.name)
        return Completed(ExitStatus(code=0), answer.encode(), b"")

    async def files(self) -> RemoteFiles:
        raise Unreachable("no files", host=self.host.name, fault="other")

    def forward_local(self, remote_host: str, remote_port: int) -> AbstractAsyncContextManager[int]:
        raise AssertionError("these tests forward nothing")

    def forward_remote(self, local_port: int) -> AbstractAsyncContextManager[int]:
        raise AssertionError("these tests forward nothing")

    def close(self) -> None:
        self.is_open = False


class ScriptedPool:
    """Stands in for `ConnectionPool`. A host without a script refuses the connection."""

    def __init__(self, hosts: Iterable[Host], scripts: Mapping[str, Script]) -> None:
        self.scripts = dict(scripts)
        self.errors: dict[str, FleetError] = {}
        """Hosts that cannot be reached, and why."""
        self.hanging: set[str] = set()
        """Hosts to which a login never ends."""
        self.started: list[ScriptedProcess] = []
        self.probed: list[str] = []
        self.probe_answer = PROBE_ANSWER
        self.on_start: Callable[[ScriptedProcess], None] = lambda _: None
        self.asked: asyncio.Queue[str] = asyncio.Queue()
        """Names of the hosts a connection was asked for, as they are asked for."""
        self.on_status: Callable[[LinkStatus], None] = lambda _: None
        self.is_closed = False
        self._hosts = {host.name: host for host in hosts}

    def __call__(
        self,
        config: FleetConfig,
        *,
        clock: object,
        on_status: Callable[[LinkStatus], None],
        passphrase: object,
    ) -> ScriptedPool:
        """Take the place of the class: whoever builds a pool gets this one."""
        self.on_status = on_status
        return self

    def warm(self, host: str) -> ScriptedConnection | None:
        return None

    async def connection(self, host: str) -> ScriptedConnection:
        self.asked.put_nowait(host)
        if host in self.hanging:
            await asyncio.get_running_loop().create_future()
        if host in self.errors:
            raise self.errors[host]
        if host not in self.scripts:
            raise Unreachable(
                "connection refused", host=host, fault="refused", mend="start sshd there"
            )
        return ScriptedConnection(self._hosts[host], self)

    async def reconnect(self, host: str) -> ScriptedConnection:
        return await self.connection(host)

    def status(self, host: str) -> LinkStatus:
        return LinkStatus(host, "up" if host in self.scripts else "down", 0.0)

    def keep(self, hosts: Iterable[str]) -> None:
        """Say of every host that it is up or down, as the real pool does while it connects."""
        for host in hosts:
            self.on_status(self.status(host))

    async def closed(self) -> AsyncIterator[str]:
        names: tuple[str, ...] = ()
        for name in names:
            yield name

    async def close(self) -> None:
        self.is_closed = True
        for process in self.started:
            assert process.task is not None
            process.task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await process.task


# --- scripts ------------------------------------------------------------------------------------


def prints(text: bytes, code: int = 0, *, errors: bytes = b"") -> Script:
    """Return a script that prints `text` and exits."""

    async def script(process: ScriptedProcess) -> ExitStatus:
        if text:
            process.sink.stdout_received(text)
        if errors:
            process.sink.stderr_received(errors)
        return ExitStatus(code=code)

    return script


def waits_for(event: asyncio.Event, text: bytes = b"") -> Script:
    """Return a script that prints `text` and exits with 0 once `event` is set."""

    async def script(process: ScriptedProcess) -> ExitStatus:
        process.sink.stdout_received(b"waiting\n")
        await event.wait()
        process.sink.stdout_received(text)
        return ExitStatus(code=0)

    return script


def dies_of(signal: SignalName) -> Script:
    """Return a script that runs until this signal comes, deaf for all others."""

    async def script(process: ScriptedProcess) -> ExitStatus:
        process.sink.stdout_received(b"begun\n")
        while await process.signals.get() != signal:
            pass
        return ExitStatus(signal=signal)

    return script


async def obeys(process: ScriptedProcess) -> ExitStatus:
    """Run until any signal comes, and die of it."""
    process.sink.stdout_received(b"begun\n")
    return ExitStatus(signal=await process.signals.get())


async def ignores_everything(process: ScriptedProcess) -> ExitStatus:
    """Never end, whatever comes."""
    process.sink.stdout_received(b"begun\n")
    await asyncio.get_running_loop().create_future()
    raise AssertionError("nobody sets this future")


async def vanishes(process: ScriptedProcess) -> ExitStatus:
    """Print a line and lose contact."""
    process.sink.stdout_received(b"begun\n")
    return ExitStatus(reason="no answer to keepalive")
