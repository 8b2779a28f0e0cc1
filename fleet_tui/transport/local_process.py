"""A command running on this machine, in a process group of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, cast

from fleet_tui.transport.base import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.transport.base import ProcessSink, SignalName

_STDOUT, _STDERR = 1, 2


class LocalProcess(asyncio.SubprocessProtocol):
    """Hands output to the sink in blocks; ends when the process did *and* both pipes are dry."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        sink: ProcessSink,
        on_reaped: Callable[[LocalProcess], None],
    ) -> None:
        self._loop = loop
        self._sink = sink
        self._on_reaped = on_reaped
        self._transport: asyncio.SubprocessTransport | None = None
        self._open_pipes = {_STDOUT, _STDERR}
        self._has_exited = False
        self._done: asyncio.Future[ExitStatus] = loop.create_future()
        self._may_write = asyncio.Event()
        self._may_write.set()

    async def wait(self) -> ExitStatus:
        """Return how it ended, once its last byte reached the sink."""
        return await asyncio.shield(self._done)

    async def write(self, data: bytes) -> None:
        """Send to its input, waiting while the pipe is full; ignored once it has ended."""
        await self._may_write.wait()
        pipe = self._stdin()
        if pipe is not None and not pipe.is_closing():
            pipe.write(data)
            await self._may_write.wait()

    def close_stdin(self) -> None:
        """Send end-of-file after what was written."""
        if (pipe := self._stdin()) is not None:
            pipe.close()

    def send_and_close(self, data: bytes) -> None:
        """Send all of its input at once, then end-of-file."""
        if (pipe := self._stdin()) is not None:
            pipe.write(data)
            pipe.close()

    def send_signal(self, name: SignalName) -> None:
        """Signal the process group; ignored once it has ended."""
        if self._done.done() or self._transport is None:
            return
        if sys.platform == "win32":
            with contextlib.suppress(ProcessLookupError):
                if name == "INT":
                    self._transport.send_signal(signal.CTRL_BREAK_EVENT)
                else:
                    self._transport.terminate()
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._transport.get_pid(), getattr(signal, f"SIG{name}"))

    def pause_reading(self) -> None:
        """Stop reading both pipes; the process blocks when they are full."""
        for pipe in self._output_pipes():
            pipe.pause_reading()

    def resume_reading(self) -> None:
        """Read on."""
        for pipe in self._output_pipes():
            pipe.resume_reading()

    def abort(self) -> None:
        """Kill the group and end as lost, at once."""
        self.send_signal("KILL")
        self._finish(ExitStatus(reason="given up"))

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the process."""
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Hand bytes on."""
        if self._done.done():
            return
        if fd == _STDOUT:
            self._sink.stdout_received(data)
        else:
            self._sink.stderr_received(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Note that a pipe ran dry."""
        self._open_pipes.discard(fd)
        self._finish_when_dry()

    def process_exited(self) -> None:
        """Note the exit."""
        self._has_exited = True
        if self._done.done():
            self._let_go()
        else:
            self._finish_when_dry()

    def pause_writing(self) -> None:
        """The input pipe is full."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """The input pipe has room again."""
        self._may_write.set()

    def _finish_when_dry(self) -> None:
        if not self._has_exited or self._open_pipes or self._transport is None:
            return
        code = self._transport.get_returncode()
        if code is None or code >= 0:
            self._finish(ExitStatus(code=code))
        else:
            self._finish(ExitStatus(signal=_signal_name(-code)))

    def _finish(self, status: ExitStatus) -> None:
        if self._done.done():
            return
        self._done.set_result(status)
        self._may_write.set()
        if self._transport is None:
            return
        if self._has_exited:
            self._let_go()
            return
        # Closing the transport now would reap the process behind asyncio's back.
        for fd in (0, _STDOUT, _STDERR):
            if (pipe := self._transport.get_pipe_transport(fd)) is not None:
                pipe.close()

    def _let_go(self) -> None:
        """Close what is left: the process is gone, though a child of it may hold its pipes."""
        if self._transport is not None:
            if (stdin := self._stdin()) is not None and stdin.get_write_buffer_size():
                stdin.abort()  # closing it would wait for a reader that will never come
            self._transport.close()
        self._on_reaped(self)

    def _stdin(self) -> asyncio.WriteTransport | None:
        if self._transport is None:
            return None
        return cast("asyncio.WriteTransport | None", self._transport.get_pipe_transport(0))

    def _output_pipes(self) -> list[asyncio.ReadTransport]:
        if self._transport is None or self._done.done():
            return []
        pipes = (self._transport.get_pipe_transport(fd) for fd in sorted(self._open_pipes))
        return [cast("asyncio.ReadTransport", pipe) for pipe in pipes if pipe is not None]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name.removeprefix("SIG")
    except ValueError:
        return str(number)
