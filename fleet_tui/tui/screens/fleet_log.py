"""The audit log: its end, filtered, followed as it grows, and its chain checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from fleet_tui.model.audit_control import LogPlace, LogQuestion
from fleet_tui.tui import fmt
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import clean
from fleet_tui.tui.screens.lines_page import LinesPage
from fleet_tui.tui.widgets.log_view import LogView
from fleet_tui.tui.widgets.more_rows import GrowingRows
from fleet_tui.tui.widgets.prompt_line import PromptLine

if TYPE_CHECKING:
    from fleet_tui.model.audit_control import LogPage, LogVerdict
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store

SHOWN = 5_000
LOOK_EVERY = 1.0


class FleetLogScreen(LinesPage):
    """Lines as they stand in the file, oldest first; new ones come by themselves.

    With `is_own` only what this program did since it was started, and what became of it.
    """

    place = "log"
    BINDINGS = bindings_for("log", "lines", "back")

    def __init__(self, app: FleetApp, path: str, words: str = "", *, is_own: bool = False) -> None:
        self.prompt = PromptLine("only", "an event, host=nas*, by=…, or words; enter shows all")
        empty = "Nothing was done from here yet." if is_own else "No line of the log fits."
        view = LogView(app.clock_time, empty=empty, id="log-lines")
        crumb = "done from here" if is_own else f"log {path}".rstrip()
        super().__init__(app, crumb, view, self.prompt)
        self._wanted = LogQuestion(tuple(words.split()), is_own)
        self._rows = GrowingRows()
        self._place: LogPlace | None = None
        self._is_asking = False
        self._looked_at = 0.0
        self._verdict = ""

    def on_mount(self) -> None:
        """Read the log."""
        self.reload()

    def reload(self) -> None:
        """Ask for the last lines again."""
        self._is_asking = True
        audit = self.fleet_app.control.audit
        self.fleet_app.ask(audit.page(self._wanted, SHOWN), self._show_page, self._failed)

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Look for lines that were added, once a second."""
        if self._place is None or self._is_asking or now - self._looked_at < LOOK_EVERY:
            return
        self._looked_at = now
        self._is_asking = True
        audit = self.fleet_app.control.audit
        self.fleet_app.ask(audit.more(self._wanted, self._place), self._add_page, self._failed)

    def filter_by(self, words: str) -> None:
        """Show the lines that fit these words only; none shows all."""
        self._wanted = LogQuestion(tuple(words.split()), self._wanted.is_own)
        self.reload()

    def open_filter(self) -> None:
        """Ask which lines to show."""
        self.prompt.open(" ".join(self._wanted.words))

    def verify(self) -> None:
        """Check the chain of the whole log."""
        self._verdict = "checking the chain …"
        self._show_title()
        self.fleet_app.ask(self.fleet_app.control.audit.verify(), self._show_verdict)

    def _failed(self, error: Exception) -> None:
        self._is_asking = False
        self.fleet_app.toast(str(error), "error")

    def _show_page(self, page: LogPage) -> None:
        self._is_asking, self._place = False, page.place
        self._rows = GrowingRows(page.lines)
        self.log_pane.show_source(self._rows)
        self._show_title()
        self.show_hints()

    def _add_page(self, page: LogPage) -> None:
        self._is_asking, self._place = False, page.place
        if page.lines:
            self._rows.add(page.lines)
            self.log_pane.sync()
            self._show_title()

    def _show_title(self) -> None:
        what = fmt.some(self._rows.rows, "line")
        if self._wanted.words:
            what += f" with {clean(' '.join(self._wanted.words))}"
        self.entitle(" · ".join(filter(None, (what, self._verdict))))

    def _show_verdict(self, verdict: LogVerdict) -> None:
        files = fmt.some(verdict.files, "file")
        if verdict.holds:
            foreign = f", {verdict.unchained} of other programs" if verdict.unchained else ""
            checked = fmt.some(verdict.lines, "line")
            self._verdict = f"✓ the chain holds: {checked} in {files}{foreign}"
        else:
            self._verdict = "✗ the chain is broken"
            self.fleet_app.toast(clean(verdict.reason), "error", kind="verify")
        self._show_title()

    @on(PromptLine.Changed)
    def _typed(self, event: PromptLine.Changed) -> None:
        event.stop()

    @on(PromptLine.Submitted)
    def _submitted(self, event: PromptLine.Submitted) -> None:
        event.stop()
        if not self.prompt.is_open:
            return
        self.prompt.close()
        self.set_focus(self.log_pane.view)
        self.filter_by(event.text)

    @on(PromptLine.Cancelled)
    def _cancelled(self, event: PromptLine.Cancelled) -> None:
        event.stop()
        self.set_focus(self.log_pane.view)
