from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.agents.registry import adapter
from fleet_tui.clock import SystemClock
from fleet_tui.dispatch import output
from fleet_tui.dispatch.output import OutputDesk
from fleet_tui.dispatch.recorder import RunRecorder
from fleet_tui.journal import Spool, SpoolReader, Timeline

if TYPE_CHECKING:
    from pathlib import Path


class Room:
    """A desk with the recorders of one dispatch."""

    def __init__(self, folder: Path, runs: int = 1) -> None:
        self.folder = folder
        self.flushed: asyncio.Queue[list[str]] = asyncio.Queue()
        self.desk = OutputDesk(SystemClock(), self.flushed.put_nowait)
        self.timeline = Timeline(folder / "d.timeline")
        self.recorders = [self._recorder(f"r-{at}") for at in range(runs)]
        for at, recorder in enumerate(self.recorders):
            self.desk.add(recorder, self.timeline, at)

    def _recorder(self, run: str) -> RunRecorder:
        return RunRecorder(
            run,
            "web",
            spool=Spool(self.folder / run),
            parser=adapter("shell").parser(),
            speaks_events=False,
            clock=SystemClock(),
            publish=lambda _: None,
            mark=self.desk.mark,
        )

    def readable(self, run: str) -> list[str]:
        return [line.text for line in SpoolReader(self.folder / run).read(0, 1000)]


async def test_many_pieces_become_one_write_and_one_message(tmp_path: Path) -> None:
    room = Room(tmp_path, runs=2)
    for _ in range(100):
        for recorder in room.recorders:
            recorder.stdout_received(b"line\n")
    assert room.readable("r-0") == []
    assert sorted(await room.flushed.get()) == ["r-0", "r-1"]
    assert room.flushed.empty()
    assert room.readable("r-0") == ["line"] * 100
    assert room.timeline.rows == 200


async def test_lines_enter_the_merged_order_once(tmp_path: Path) -> None:
    room = Room(tmp_path, runs=2)
    first, second = room.recorders
    first.stdout_received(b"a\nb\n")
    room.desk.flush()
    second.stdout_received(b"c\nunfinished")
    room.desk.flush()
    first.stdout_received(b"d\n")
    room.desk.remove(second)
    room.desk.remove(first)
    spans = room.timeline.spans(0, 99)
    rows = [(span.run, span.first_line + n) for span in spans for n in range(span.count)]
    assert rows == [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2)]
    assert room.readable("r-1") == ["c", "unfinished"]


async def test_a_flood_does_not_wait_for_the_tick(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.recorders[0].stdout_received(b"x" * 1023 + b"\n")
    assert room.recorders[0].spool.lag_bytes > 0
    for _ in range(output.EAGER_BYTES >> 19):
        room.recorders[0].stdout_received((b"y" * 1023 + b"\n") * 1024)
    assert room.recorders[0].spool.lag_bytes <= output.EAGER_BYTES
    assert room.flushed.empty()
    room.desk.close()


async def test_closing_writes_the_last_word(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.recorders[0].stdout_received(b"last\n")
    room.desk.close()
    assert room.readable("r-0") == ["last"]
