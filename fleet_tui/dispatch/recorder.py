"""What becomes of a run's bytes: the spool keeps them, the parser reads them, the bus hears."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.agents.transcript import TranscriptWriter
from fleet_tui.model.events import AgentSpoke, OutputArrived
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fleet_tui.agents.base import StreamParser
    from fleet_tui.journal import Spool
    from fleet_tui.model.agent import AgentEvent, Verdict
    from fleet_tui.model.clock import Clock
    from fleet_tui.model.events import Event, Stream
    from fleet_tui.model.snapshot import ViewLine

_RAW_FILES: dict[Stream, str] = {"stdout": "out", "stderr": "err"}
_BLOCK = 1 << 20
LONGEST_LINE = 8 << 20
"""Bytes of one line of an agent's output that are read; the rest stays in the spool only."""


class Lines:
    """Cuts a byte stream into lines, holding back the unfinished one up to a limit."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._is_skipping = False

    def take(self, data: bytes) -> list[bytes]:
        """Return the lines that `data` completes."""
        head, newline, tail = data.partition(b"\n")
        if not newline:
            self._hold(data)
            return []
        lines = tail.split(b"\n")
        last = lines.pop()
        if self._is_skipping:
            self._is_skipping = False
        else:
            lines.insert(0, bytes(self._rest) + head)
        self._rest.clear()
        self._hold(last)
        return lines

    def flush(self) -> list[bytes]:
        """Return the unfinished last line, if there is one."""
        rest = [bytes(self._rest)] if self._rest else []
        self._rest.clear()
        return rest

    def _hold(self, data: bytes) -> None:
        if self._is_skipping:
            return
        self._rest += data
        if len(self._rest) > LONGEST_LINE:
            self._rest.clear()
            self._is_skipping = True


class RunRecorder:
    """The process sink of one run. Its methods run in SSH callbacks and never raise."""

    def __init__(
        self,
        run: str,
        host: str,
        *,
        spool: Spool,
        parser: StreamParser,
        speaks_events: bool,
        clock: Clock,
        publish: Callable[[Event], None],
        mark: Callable[[RunRecorder], None],
    ) -> None:
        self.on_must_stop: Callable[[], None] | None = None
        """Called when the agent runs with other rights than were asked for."""
        self.on_first: Callable[[], None] | None = None
        """Called before the first byte is told of."""
        self.run = run
        self.host = host
        self.spool = spool
        self.parser = parser
        self.speaks_events = speaks_events
        self.out_bytes = 0
        self.err_bytes = 0
        self.heard_at: float | None = None
        """Unix time of the last byte."""
        self.heard_monotonic = clock.monotonic()
        self.counted_lines = 0
        """Lines already entered in the dispatch's timeline."""
        self._transcript = TranscriptWriter() if speaks_events else None
        self.on_read: Callable[[], None] | None = None
        """Called after each line of an agent's output was read."""
        self._is_replaying = False
        self._out_lines = Lines()
        self._err_lines = Lines()
        self._clock = clock
        self._publish = publish
        self._mark = mark

    @property
    def tail(self) -> ViewLine | None:
        """The unfinished last line, while it grows."""
        return self.spool.tail

    def stdout_received(self, data: bytes) -> None:
        """Take the next bytes of standard output."""
        offset = self.out_bytes
        self.out_bytes += len(data)
        self._received("stdout", offset, data)

    def stderr_received(self, data: bytes) -> None:
        """Take the next bytes of standard error."""
        offset = self.err_bytes
        self.err_bytes += len(data)
        self._received("stderr", offset, data)

    def replay(self, folder: Path) -> None:
        """Go on after another program: read what the spool in `folder` holds.

        Parser and transcript come to know all of it; only what the view lacks is written there.
        """
        self.out_bytes, self.err_bytes = self.spool.taken("stdout"), self.spool.taken("stderr")
        if not self.speaks_events:
            return
        for stream, name in _RAW_FILES.items():
            read, lines = self._reader(stream)
            self._is_replaying = True
            shown = self.spool.in_view(stream)
            try:
                with (folder / name).open("rb") as raw:
                    while block := raw.read(_BLOCK if shown <= 0 else min(_BLOCK, shown)):
                        for line in lines.take(block):
                            self._feed(read, line)
                        shown -= len(block)
                        self._is_replaying = shown > 0
            except FileNotFoundError:
                pass
            self._is_replaying = False
        self._mark(self)

    def note(self, text: str) -> None:
        """Add a line of ours to the view."""
        self.spool.append_line("m", one_line(text, 2000))
        self._mark(self)

    def end(self) -> None:
        """Read what was left without a newline; the process has ended."""
        for line in self._out_lines.flush():
            self._feed(self.parser.feed, line)
        for line in self._err_lines.flush():
            self._feed(self.parser.feed_error, line)
        self._mark(self)

    def conclude(self, verdict: Verdict) -> None:
        """Write how it ended below an agent's words."""
        if self._transcript is not None:
            for tag, text in self._transcript.close(verdict):
                self.spool.append_line(tag, text)
        self._mark(self)

    def _received(self, stream: Stream, offset: int, data: bytes) -> None:
        if self.heard_at is None and self.on_first is not None:
            self.on_first()
        self.heard_at = self._clock.time()
        self.heard_monotonic = self._clock.monotonic()
        self.spool.append_raw(stream, data, show=not self.speaks_events)
        if self.speaks_events:
            read, lines = self._reader(stream)
            for line in lines.take(data):
                self._feed(read, line)
                if self.on_read is not None:
                    self.on_read()
        else:
            self._publish(OutputArrived(self.run, self.host, stream, offset, data))
        self._mark(self)

    def _reader(self, stream: Stream) -> tuple[Callable[[bytes], list[AgentEvent]], Lines]:
        if stream == "stdout":
            return self.parser.feed, self._out_lines
        return self.parser.feed_error, self._err_lines

    def _feed(self, read: Callable[[bytes], list[AgentEvent]], line: bytes) -> None:
        transcript = self._transcript
        if transcript is None:
            return
        try:
            events = read(line)
            for event in events:
                lines = transcript.write(event)
                if self._is_replaying:
                    continue
                for tag, text in lines:
                    self.spool.append_line(tag, text)
                self._publish(AgentSpoke(self.run, self.host, event))
                if event.must_stop and self.on_must_stop is not None:
                    self.on_must_stop()
            tail = transcript.tail
            if tail is None:
                self.spool.clear_tail()
            else:
                self.spool.set_tail(tail.tag, tail.text)
        except Exception as bug:  # an exception here would cut every run on the connection
            self.spool.append_line("x", one_line(f"cannot read this event: {bug!r}"))
