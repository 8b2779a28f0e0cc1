"""A run on a host, followed through one channel: each byte once, and its true end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError
from fleet_tui.model.text import one_line
from fleet_tui.transport.base import ExitStatus
from fleet_tui.transport.durable_control import close_input, feed, signal_run
from fleet_tui.transport.durable_frames import MarkedStream
from fleet_tui.transport.durable_state import (
    RunFate,
    RunUnknown,
    launch_failure,
    no_answer,
    parse_fate,
    unknown_run,
)

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from fleet_tui.transport.base import Connection, Process, ProcessSink, SignalName
    from fleet_tui.transport.durable_spare import Spare

LAST_BYTES_WITHIN = 10.0
"""Seconds without a byte after the host said how many there are, until contact counts as lost."""


class DurableProcess:
    """A Process that goes on without us: `abort` and a lost connection end the following only.

    `wait` returns a lost status when contact was lost: follow the run again from `out_offset` and
    `err_offset`. It raises RunUnknown when the host itself cannot say how the run ended.
    """

    def __init__(
        self,
        connection: Connection,
        run: str,
        mark: str,
        sink: ProcessSink,
        *,
        out_offset: int = 0,
        err_offset: int = 0,
    ) -> None:
        self.run = run
        self.out_offset = out_offset
        """Bytes of standard output that reached the sink, over all who followed."""
        self.err_offset = err_offset
        self.was_started = False
        """True when this launch started the run, False when it found it started."""
        self.output_was_cut = False
        """True once it is known that the host could not store all of the output."""
        self._connection = connection
        self._sink = sink
        self._channel: Process | None = None
        self._watch: asyncio.Task[None] | None = None
        self._head: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._early: list[bytes] = []
        self._out = MarkedStream(mark.encode(), self._out_data, lambda _: None, marks_once=True)
        self._err = MarkedStream(mark.encode(), self._err_data, self._told)
        self._fed = 0
        self._feeding = asyncio.Lock()
        self._errands: set[asyncio.Task[None]] = set()
        self._total: tuple[int, int] | None = None
        self._fate: RunFate | None = None
        self._ended = asyncio.Event()
        self._status: ExitStatus | RunUnknown | None = None
        self._is_paused = False
        self._last_bytes: asyncio.TimerHandle | None = None

    @property
    def fed(self) -> int:
        """Bytes of standard input that the host was given, over all who followed."""
        return self._fed

    async def begin(self, line: str, stdin: bytes | None = None) -> None:
        """Start `line` on the connection; returns once the host said that the run is there.

        Raises Unreachable when contact was lost before that, Refused for an old epoch, RunUnknown,
        or FleetError with what the host lacks.
        """
        channel = await self._connection.start(line, self, stdin="open")
        await self._hear_from(channel, stdin)

    async def begin_on(self, spare: Spare, orders: tuple[str, ...], stdin: bytes | None) -> None:
        """Do the same through a wrapper that waits already."""
        told = "".join(f"{order}\n" for order in orders).encode()
        await self._hear_from(spare.hand_over(self), told + (stdin or b""))

    async def _hear_from(self, channel: Process, stdin: bytes | None) -> None:
        self._channel = channel
        self._watch = asyncio.create_task(self._watch_channel(channel))
        if stdin:
            self._errand(channel.write(stdin))
        try:
            await asyncio.shield(self._head)
        except asyncio.CancelledError:
            self.abort()
            raise

    async def wait(self) -> ExitStatus:
        """Return how the run ended once its last byte reached the sink; raises RunUnknown."""
        await self._ended.wait()
        assert self._status is not None
        if isinstance(self._status, RunUnknown):
            raise self._status
        return self._status

    async def wait_closed(self) -> None:
        """Return when the channel to the host is free again and nothing is left to be sent."""
        if self._watch is not None:
            await asyncio.wait({self._watch, *self._errands})

    async def write(self, data: bytes) -> None:
        """Put `data` into the input of a run launched with it open; returns once it is there.

        Ignored when the run is over. Raises Unreachable or TimeoutError: the bytes may be there
        or not, and writing them again through a new follower puts them there once.
        """
        async with self._feeding:
            self._fed = await feed(self._connection, self.run, self._fed, data)

    def close_stdin(self) -> None:
        """Let the run see end-of-file after what was written."""
        self._errand(self._close_input())

    def send_signal(self, name: SignalName) -> None:
        """Signal the run's process group on the host."""
        self._errand(signal_run(self._connection, self.run, name))

    def pause_reading(self) -> None:
        """Stop taking bytes; the run goes on into its files."""
        self._is_paused = True
        if self._channel is not None:
            self._channel.pause_reading()

    def resume_reading(self) -> None:
        """Go on taking bytes."""
        self._is_paused = False
        if self._channel is not None:
            self._channel.resume_reading()

    def abort(self) -> None:
        """Stop following at once; the run goes on."""
        self._end(ExitStatus(reason="given up"))
        if self._channel is not None:
            self._channel.abort()

    # What the channel calls.

    def stdout_received(self, data: bytes) -> None:
        """Take bytes of the channel's standard output."""
        self._out.feed(data)

    def stderr_received(self, data: bytes) -> None:
        """Take bytes of the channel's standard error."""
        self._err.feed(data)

    def _out_data(self, data: bytes) -> None:
        if not self._head.done():
            self._early.append(data)
        elif self._status is None:
            self.out_offset += len(data)
            self._sink.stdout_received(data)
            if self._total is not None:
                self._end_when_complete()

    def _err_data(self, data: bytes) -> None:
        if self._status is None:
            self.err_offset += len(data)
            self._sink.stderr_received(data)
            if self._total is not None:
                self._end_when_complete()

    def _told(self, line: str) -> None:
        kind, *words = line.split()
        if kind == "head" and not self._head.done():
            self.was_started = words[0] == "new"
            self._fed = int(words[1])
            self._head.set_result(None)
            early, self._early = self._early, []
            for data in early:
                self._out_data(data)
        elif kind == "fail" and not self._head.done():
            noise = one_line(self._err.noise.decode("utf-8", "replace"))
            self._fail(launch_failure(words, noise, host=self._host, run=self.run))
        elif kind == "end":
            self._fate = parse_fate(words[2:])
            if "-" in words[:2]:
                self._let_go()
            else:
                self._total = int(words[0]), int(words[1])
                self._end_when_complete()

    # Ending.

    async def _watch_channel(self, channel: Process) -> None:
        status = await channel.wait()
        self._err.flush()
        if self._fate is not None and self._total is None and not status.is_lost:
            self._end(self._outcome(self._fate))
        reason = status.reason or "the host stopped following the run"
        if not self._head.done():
            noise = one_line(self._err.noise.decode("utf-8", "replace"))
            self._fail(no_answer(status, noise, host=self._host))
        self._end(ExitStatus(reason=reason))

    def _end_when_complete(self) -> None:
        assert self._total is not None
        assert self._fate is not None
        if self._last_bytes is not None:
            self._last_bytes.cancel()
        if self.out_offset >= self._total[0] and self.err_offset >= self._total[1]:
            self._end(self._outcome(self._fate))
            self._let_go()
        else:
            loop = asyncio.get_running_loop()
            self._last_bytes = loop.call_later(LAST_BYTES_WITHIN, self._give_up)

    def _give_up(self) -> None:
        if self._is_paused:
            self._end_when_complete()
        elif self._status is None and self._channel is not None:
            self._end(ExitStatus(reason="the last of the output did not come"))
            self._channel.abort()

    def _outcome(self, fate: RunFate) -> ExitStatus | RunUnknown:
        self.output_was_cut = fate.output_was_cut
        return fate.status or unknown_run(fate, host=self._host, run=self.run)

    def _end(self, status: ExitStatus | RunUnknown) -> None:
        if self._status is None:
            self._status = status
            self._ended.set()
        if self._last_bytes is not None:
            self._last_bytes.cancel()

    def _fail(self, error: FleetError) -> None:
        self._head.set_exception(error)
        self._head.exception()
        self._let_go()

    def _let_go(self) -> None:
        """Close the channel's input: the follower on the host takes it as a goodbye."""
        if self._channel is not None:
            self._channel.close_stdin()

    @property
    def _host(self) -> str:
        return self._connection.host.name

    # What goes to the host beside the channel.

    async def _close_input(self) -> None:
        async with self._feeding:
            await close_input(self._connection, self.run)

    def _errand(self, errand: Coroutine[object, object, object]) -> None:
        task = asyncio.create_task(_quietly(errand))
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)


async def _quietly(errand: Coroutine[object, object, object]) -> None:
    """Carry it out; a host that cannot be reached shows where its answer is awaited."""
    try:
        await errand
    except (FleetError, TimeoutError):
        return
