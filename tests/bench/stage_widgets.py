"""Textual's own Log and RichLog on stage, fed from the same streams: the peers of our view."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING

import asyncssh
from rich.text import Text
from textual.app import App
from textual.widgets import Footer, Input, Log, RichLog

from tests.bench import stock
from tests.bench.measure import watch_lateness
from tests.bench.stage import LAG_STEP, Lags, read_play

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tests.bench.stage import Play

FRAMES = 30


class WidgetStage(App[None]):
    """An input line, a log, and a thread that reads."""

    CSS = "Input { dock: top; height: 1; border: none; } Log, RichLog { height: 1fr; }"

    def __init__(self, play: Play) -> None:
        super().__init__()
        self._play = play
        self._blocks: deque[list[str]] = deque()
        self._count = 0
        self._lags = Lags(play, lambda: self._count)
        is_log = play.widget == "Log"
        self._view: Log | RichLog = Log() if is_log else RichLog(wrap=False, markup=False)
        self._watch: asyncio.Task[None] | None = None

    def compose(self) -> ComposeResult:
        """Yield the widgets."""
        yield Input(compact=True)
        yield self._view
        yield Footer()

    def on_ready(self) -> None:
        """Begin to read and to measure."""
        self.query_one(Input).focus()
        self._watch = asyncio.create_task(watch_lateness(self._lags.screen, LAG_STEP))
        self.set_interval(1 / FRAMES, self._drain)
        threading.Thread(target=lambda: asyncio.run(self._read_all()), daemon=True).start()
        self._lags.start()

    def _drain(self) -> None:
        for _ in range(len(self._blocks)):
            lines = self._blocks.popleft()
            self._count += len(lines)
            if isinstance(self._view, Log):
                self._view.write_lines(lines)
            else:
                self._view.write(Text("\n".join(lines)))

    async def _read_all(self) -> None:
        watch = asyncio.create_task(watch_lateness(self._lags.core, LAG_STEP))
        async with stock.connections(self._play.site, self._play.streams) as held:
            await asyncio.gather(*(self._read(connection) for connection in held))
        watch.cancel()

    async def _read(self, connection: asyncssh.SSHClientConnection) -> None:
        rest = b""
        async with connection.create_process(
            self._play.command, encoding=None, stdin=asyncssh.DEVNULL
        ) as process:
            while data := await process.stdout.read(65536):
                whole, newline, rest = (rest + data).rpartition(b"\n")
                if newline:
                    self._blocks.append(whole.decode("utf-8", "replace").split("\n"))


if __name__ == "__main__":
    WidgetStage(read_play(sys.argv[1])).run()
