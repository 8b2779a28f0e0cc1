"""Output with its search line; the search runs beside the screen, a slice at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical

from fleet_tui.tui import fmt
from fleet_tui.tui.widgets.log_search import Search
from fleet_tui.tui.widgets.log_view import LogView
from fleet_tui.tui.widgets.prompt_line import PromptLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.worker import Worker

    from fleet_tui.tui.widgets.log_rows import Row, RowSource
    from fleet_tui.tui.widgets.paint import Span


class LogPane(Vertical):
    """A log view that can be searched."""

    DEFAULT_CSS = "LogPane { height: 1fr; }"

    def __init__(self, view: LogView) -> None:
        super().__init__()
        self.view = view
        self.prompt = PromptLine("/", "search; n and N go on, esc ends it")
        self._worker: Worker[None] | None = None
        self._wants_first = False

    def compose(self) -> ComposeResult:
        """Yield the view and the search line."""
        yield self.view
        yield self.prompt

    @property
    def search(self) -> Search | None:
        """Return the search in force."""
        return self.view.search

    def show_source(self, source: RowSource, gutter: Sequence[Span] = ()) -> None:
        """Show another source and end the search in the one before."""
        self.clear_search()
        self.view.show_source(source, gutter)

    def sync(self, tails: Sequence[Row] | None = None) -> None:
        """Take note that there may be more rows."""
        self.view.sync(tails)
        self._run_search()

    def open_search(self) -> None:
        """Ask what to look for."""
        self.prompt.open(self.search.needle if self.search else "")

    def clear_search(self) -> bool:
        """End the search; False when there was none."""
        had = self.search is not None or self.prompt.is_open
        self.prompt.close()
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None
        if self.search is not None:
            self.view.show_search(None)
        return had

    def start_search(self, needle: str) -> None:
        """Look for `needle` from the beginning, and go to the match nearest to the place."""
        self.clear_search()
        if not needle:
            return
        self.view.show_search(Search(self.view.source, needle))
        self._wants_first = True
        self._run_search()

    def step_match(self, direction: int) -> bool:
        """Go to the next or previous match; False when there is none."""
        return self.view.go_to_match(direction)

    def search_status(self) -> str:
        """Return `match 3/41`, with how far it has looked; empty without a search."""
        search = self.search
        if search is None:
            return ""
        total = fmt.count(len(search.rows))
        if not search.rows:
            found = f"no match for {search.needle!r}"
        elif self.view.cursor is None:
            found = f"{total} matches" if len(search.rows) > 1 else "1 match"
        else:
            found = f"match {fmt.count(search.position(self.view.cursor))}/{total}"
        if search.is_behind and self.view.source.rows:
            found += f" · {100 * search.scanned // self.view.source.rows}% searched"
        return found

    def _run_search(self) -> None:
        search = self.search
        if search is None or not search.is_behind:
            return
        if self._worker is None or self._worker.is_finished:
            self._worker = self.run_worker(
                self._look(search),
                group="search",
                description="search in output",
                exit_on_error=True,
            )

    async def _look(self, search: Search) -> None:
        while search is self.search and await asyncio.to_thread(search.step):
            self._show_progress(search)
        self._show_progress(search)

    def _show_progress(self, search: Search) -> None:
        if search is not self.search:
            return
        if self._wants_first and search.rows and not search.is_behind:
            self._wants_first = False
            self.step_match(-1 if self.view.is_following else 1)
        self.view.post_message(LogView.Moved(self.view))

    @on(PromptLine.Changed)
    def _typed(self, event: PromptLine.Changed) -> None:
        event.stop()

    @on(PromptLine.Submitted)
    def _submitted(self, event: PromptLine.Submitted) -> None:
        event.stop()
        self.prompt.close()
        self.screen.set_focus(self.view)
        self.start_search(event.text)

    @on(PromptLine.Cancelled)
    def _cancelled(self, event: PromptLine.Cancelled) -> None:
        event.stop()
        self.clear_search()
        self.screen.set_focus(self.view)
