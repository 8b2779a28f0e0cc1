"""Weighs Textual's own Log and RichLog while lines go into them, without a terminal."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import App
from textual.widgets import Log, RichLog

from tests.bench.measure import anonymous_kb
from tests.bench.pour import line

if TYPE_CHECKING:
    from textual.app import ComposeResult

BLOCK = 1_000


class _Stand(App[None]):
    def __init__(self, view: Log | RichLog) -> None:
        super().__init__()
        self.view = view

    def compose(self) -> ComposeResult:
        yield self.view


async def _weigh(widget: str, lines: int) -> float:
    """Return the MB by which the process grows for so many lines."""
    view = Log() if widget == "Log" else RichLog(wrap=False, markup=False)
    app = _Stand(view)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        gc.collect()
        before = anonymous_kb()
        for first in range(0, lines, BLOCK):
            block = [line(number) for number in range(first, first + BLOCK)]
            if isinstance(view, Log):
                view.write_lines(block)
            else:
                view.write(Text("\n".join(block)))
            await asyncio.sleep(0)
        await app.workers.wait_for_complete()
        gc.collect()
        return (anonymous_kb() - before) / 1024


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(_weigh(sys.argv[1], int(sys.argv[2])))))
