"""What an agent answered in the end, with its Markdown drawn."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.markdown_rows import markdown_rows
from fleet_tui.tui.screens.lines_page import LinesPage
from fleet_tui.tui.widgets.log_rows import FixedRows
from fleet_tui.tui.widgets.log_view import LogView

if TYPE_CHECKING:
    from textual import events

    from fleet_tui.model.lines import LineSource
    from fleet_tui.model.snapshot import RunView
    from fleet_tui.tui.app import FleetApp

STEP = 1_000
MOST_LINES = 20_000
"""Lines looked at from the end, and the longest answer."""


class AnswerScreen(LinesPage):
    """The last words of one run; searched, filtered and copied like any output."""

    place = "gather"
    BINDINGS = bindings_for("gather", "lines", "back")

    def __init__(self, app: FleetApp, view: RunView) -> None:
        empty = "This run has answered nothing; its output is in the output pane."
        log = LogView(app.clock_time, empty=empty, follows=False, id="answer")
        super().__init__(app, f"answer · {view.run.host}", log)
        self._lines = app.control.lines(view.run.id)
        self._text = ""
        self._drawn_for = 0
        self.entitle(f"{view.run.host} · {view.run.id}")

    def on_mount(self) -> None:
        """Read the answer and draw it."""
        self.run_worker(self._read(), description="last answer")

    async def _read(self) -> None:
        self._text = await asyncio.to_thread(last_answer, self._lines)
        self.call_after_refresh(self._draw)

    def _draw(self) -> None:
        width = self.log_pane.view.scrollable_content_region.width
        if width and width != self._drawn_for:
            self._drawn_for = width
            rows = FixedRows.of(markdown_rows(self._text, width))
            self.log_pane.show_source(rows)

    def on_resize(self, event: events.Resize) -> None:
        """Wrap to the new width."""
        super().on_resize(event)
        if self._drawn_for:
            self.call_after_refresh(self._draw)


def last_answer(lines: LineSource) -> str:
    """Return the answer text after the run's last tool call; reads from the end."""
    found: list[str] = []
    end = lines.count
    first = max(0, end - MOST_LINES)
    while end > first:
        start = max(first, end - STEP)
        for line in reversed(lines.read(start, end - start)):
            if line.tag == "t":
                found.append(line.text)
            elif found and line.tag in "cr":
                return "\n".join(reversed(found))
        end = start
    return "\n".join(reversed(found))
