"""One conversation as its agent keeps it, from its end; also what was said outside this fleet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui import fmt
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import clean_block
from fleet_tui.tui.screens.lines_page import LinesPage
from fleet_tui.tui.widgets.log_rows import FixedRows
from fleet_tui.tui.widgets.log_view import LogView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.snapshot import LineTag
    from fleet_tui.model.threads import Said, ThreadPage
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.widgets.log_rows import FixedLine

FIRST_TAIL = 60
MOST_TAIL = 4_000
TAGS: dict[str, LineTag] = {"user": "q", "assistant": "t", "tool": "c", "result": "r"}


class ThreadScreen(LinesPage):
    """`o` reads further back."""

    place = "thread"
    BINDINGS = bindings_for("thread", "lines", "back")

    def __init__(self, app: FleetApp, host: str, session: str) -> None:
        view = LogView(app.clock_time, empty="Nothing was said.", id="thread")
        super().__init__(app, f"threads / {host} / {session}", view)
        self.host_name, self.session = host, session
        self.is_cut = False
        self._tail = FIRST_TAIL

    def on_mount(self) -> None:
        """Read its end."""
        self.reload()

    def read_further(self) -> None:
        """Read twice as much of it."""
        self._tail = min(self._tail * 4, MOST_TAIL)
        self.reload()

    def reload(self) -> None:
        """Ask the host again."""
        self.entitle("reading …", "$fleet-muted")
        app = self.fleet_app
        asked = app.control.threads.read(self.host_name, self.session, self._tail)
        app.ask(asked, self._show_page, self.refuse)

    def _show_page(self, page: ThreadPage) -> None:
        self.is_cut = page.is_cut and self._tail < MOST_TAIL
        thread = page.thread
        parts = [
            thread.agent,
            thread.folder,
            thread.branch,
            f"the last {fmt.some(len(page.said), 'entry', 'entries')}"
            if page.is_cut
            else "all of it",
            f"{page.broken_lines} broken lines passed over" if page.broken_lines else "",
        ]
        self.entitle(" · ".join(filter(None, parts)))
        self.log_pane.show_source(FixedRows(said_lines(page.said)))
        self.show_hints()


def said_lines(said: Sequence[Said]) -> list[FixedLine]:
    """Return the lines of a conversation; a person's words stand out."""
    lines: list[FixedLine] = []
    for one in said:
        tag = TAGS[one.speaker]
        if lines and one.speaker in ("user", "assistant"):
            lines.append(("t", ""))
        lead = "> " if one.speaker == "user" else "  " if one.speaker == "result" else ""
        lines += [(tag, lead + line) for line in clean_block(one.text).split("\n")]
    return lines
