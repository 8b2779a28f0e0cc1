"""One command on an SSH connection: its bytes as session callbacks, its end told truly."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

import asyncssh

from fleet_tui.model.text import one_line
from fleet_tui.transport.base import ExitStatus
from fleet_tui.transport.ssh_errors import describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.transport.base import ProcessSink, SignalName

WINDOW = 512 * 1024
"""Receive window of a channel in bytes; larger ones are slower against OpenSSH's sshd."""


class SshProcess(asyncssh.SSHClientSession[bytes]):
    """A running remote command; bytes go straight from the packet to the sink."""

    def __init__(
        self, sink: ProcessSink, on_end: Callable[[SshProcess], None], why_lost: Callable[[], str]
    ) -> None:
        self._sink = sink
        self._on_end = on_end
        self._why_lost = why_lost
        self._channel: asyncssh.SSHClientChannel[bytes] | None = None
        self._code: int | None = None
        self._signal: str | None = None
        self._status: ExitStatus | None = None
        self._waiters: list[asyncio.Future[None]] = []
        self._may_write: asyncio.Event | None = None
        self._has_eof = False
        self._has_begun = False

    async def wait(self) -> ExitStatus:
        """Return how it ended, once its last byte reached the sink."""
        if self._status is None:
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        assert self._status is not None
        return self._status

    async def write(self, data: bytes) -> None:
        """Send to its input, waiting while the peer's window is full; ignored once it has ended."""
        if self._may_write is not None:
            await self._may_write.wait()
        self._write_now(data)
        if self._may_write is not None:
            await self._may_write.wait()

    def close_stdin(self) -> None:
        """Send end-of-file after what was written."""
        if self._channel is not None and not self._channel.is_closing():
            self._channel.write_eof()

    def feed(self, stdin: bytes | Literal["open"] | None) -> None:
        """Give it the input it was started with; see `Connection.start`."""
        if stdin == "open":
            return
        if isinstance(stdin, bytes) and stdin:
            self._write_now(stdin)
        self.close_stdin()

    def send_signal(self, name: SignalName) -> None:
        """Ask sshd to signal the process group; a forced command refuses that silently."""
        if self._status is None and self._channel is not None:
            self._channel.send_signal(name)

    def pause_reading(self) -> None:
        """Stop taking bytes; at most a window of them is kept meanwhile."""
        if self._status is None and self._channel is not None:
            self._channel.pause_reading()

    def resume_reading(self) -> None:
        """Go on taking bytes."""
        if self._status is None and self._channel is not None:
            self._channel.resume_reading()

    def abort(self) -> None:
        """Give it up at once; the remote process is told nothing but that nobody reads it."""
        if self._status is None:
            self._end(ExitStatus(reason="given up"))
        if self._channel is not None:
            self._channel.abort()

    @property
    def has_begun(self) -> bool:
        """True once the server opened a session for it."""
        return self._has_begun

    # What asyncssh calls. None of these may raise: that would close the whole connection.

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        """Remember the channel."""
        self._channel = chan
        self._has_begun = True

    def data_received(self, data: bytes, datatype: int | None) -> None:
        """Hand bytes to the sink; a sink that breaks costs this process only."""
        if self._status is not None:
            return
        try:
            if datatype is None:
                self._sink.stdout_received(data)
            else:
                self._sink.stderr_received(data)
        except Exception as error:
            self._sink_broke(error)

    def eof_received(self) -> bool:
        """Keep our side open: input may still be written after the output ended."""
        self._has_eof = True
        return True

    def exit_status_received(self, status: int) -> None:
        """Note the exit status."""
        self._code = status

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:
        """Note the signal it died of."""
        self._signal = one_line(signal, 20)

    def pause_writing(self) -> None:
        """The peer's window is full."""
        if self._may_write is None:
            self._may_write = asyncio.Event()
        self._may_write.clear()

    def resume_writing(self) -> None:
        """The peer takes input again."""
        if self._may_write is not None:
            self._may_write.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """The channel is closed and drained: the end."""
        reason = self._why_lost() or (describe(exc) if exc is not None else "")
        if self._code is None and self._signal is None:
            self._end(ExitStatus(reason=reason or "no exit status was sent"))
        elif reason and not self._has_eof:
            self._end(ExitStatus(reason=f"{reason}, before the last of its output"))
        else:
            self._end(ExitStatus(self._code, self._signal))
        self._channel = None
        self._on_end(self)

    def _end(self, status: ExitStatus) -> None:
        if self._status is not None:
            return
        self._status = status
        if self._may_write is not None:
            self._may_write.set()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _write_now(self, data: bytes) -> None:
        channel = self._channel
        if self._status is None and channel is not None and not channel.is_closing():
            channel.write(data)

    def _sink_broke(self, error: Exception) -> None:
        loop = asyncio.get_running_loop()
        loop.call_exception_handler({"message": "a process sink raised", "exception": error})
        loop.call_soon(self.abort)
