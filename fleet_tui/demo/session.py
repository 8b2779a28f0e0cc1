"""One SSH session of a demo host: a command line, its streams, its signals, its end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncssh

from fleet_tui.demo.files import files_session
from fleet_tui.demo.inbox import Inbox
from fleet_tui.demo.streams import SIGNAL_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from asyncssh.stream import SSHServerStreamSession

    from fleet_tui.demo.machine import Machine

_BLOCK = 32 * 1024


class DemoSession(asyncssh.SSHServerSession[bytes]):
    """Has the session's command line run by the host; also the `Streams` of that command."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._line = ""
        self._inbox = Inbox()
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._handler: Callable[[str], bool] | None = None
        self._task: asyncio.Task[None] | None = None
        self._killed_by: str | None = None
        self._files: SSHServerStreamSession[bytes] | None = None

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        """Take the channel."""
        self._channel = chan

    def shell_requested(self) -> bool:
        """Refuse an interactive shell: there is none to offer."""
        return False

    def exec_requested(self, command: str) -> bool:
        """Take the command line."""
        self._line = command
        return True

    def subsystem_requested(self, subsystem: str) -> bool:
        """Offer the host's few files over SFTP."""
        if subsystem != "sftp":
            return False
        self._files = files_session(self._machine.kept)
        self._files.connection_made(self._channel)
        return True

    def session_started(self) -> None:
        """Start the command."""
        if self._files is not None:
            self._files.session_started()
            return
        self._task = asyncio.create_task(self._run())

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """Collect standard input."""
        if self._files is not None:
            self._files.data_received(data, datatype)
            return
        self._inbox.feed(data)

    def eof_received(self) -> bool:
        """Note the end of standard input; our own direction stays open for the output."""
        if self._files is not None:
            return bool(self._files.eof_received())
        self._inbox.end()
        return True

    def signal_received(self, signal: str) -> None:
        """End the command as a signal to its process group would."""
        if signal not in SIGNAL_NUMBERS or self._task is None:
            return
        if self._handler is not None and self._handler(signal):
            return
        self._killed_by = signal
        self._task.cancel()

    def pause_writing(self) -> None:
        """Hold output back: the client's window is full."""
        if self._files is not None:
            self._files.pause_writing()
        self._may_write.clear()

    def resume_writing(self) -> None:
        """Let output go on."""
        if self._files is not None:
            self._files.resume_writing()
        self._may_write.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """End the command with its connection."""
        if self._files is not None:
            self._files.connection_lost(exc)
        self._may_write.set()
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        try:
            status = await self._machine.execute(self._line, self._inbox, self)
        except asyncio.CancelledError:
            if self._killed_by is not None and not self._channel.is_closing():
                self._channel.exit_with_signal(self._killed_by)
            return
        except (BrokenPipeError, ConnectionError):
            return
        if not self._channel.is_closing():
            self._channel.exit(status)

    async def read(self) -> bytes:
        """Return standard input up to its end."""
        return await self._inbox.read()

    async def read_line(self) -> bytes:
        """Return the next line of standard input, empty at its end."""
        return await self._inbox.read_line()

    async def write(self, data: bytes) -> None:
        """Write to standard output, waiting while the client's window is full."""
        await self._send(data, None)

    async def write_error(self, data: bytes) -> None:
        """Write to standard error."""
        await self._send(data, asyncssh.EXTENDED_DATA_STDERR)

    async def _send(self, data: bytes, datatype: asyncssh.DataType) -> None:
        for start in range(0, len(data), _BLOCK):
            await self._may_write.wait()
            if self._channel.is_closing():
                raise BrokenPipeError
            self._channel.write(data[start : start + _BLOCK], datatype)

    def catch_signals(self, handler: Callable[[str], bool] | None) -> None:
        """Offer signals to `handler` first."""
        self._handler = handler
