"""Output with its search and filter lines; both look beside the screen, a slice at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical

from fleet_tui.tui import fmt
from fleet_tui.tui.widgets.log_match import Condition
from fleet_tui.tui.widgets.log_search import Search, filtered, filters_in
from fleet_tui.tui.widgets.log_view import LogView
from fleet_tui.tui.widgets.prompt_line import PromptLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.worker import Worker

    from fleet_tui.tui.widgets.log_rows import Row, RowSource
    from fleet_tui.tui.widgets.paint import Span

MOST_BLOCK = 20_000
"""Lines of one block that can be copied."""


class LogPane(Vertical):
    """A log view that can be searched, filtered and marked."""

    DEFAULT_CSS = "LogPane { height: 1fr; }"

    def __init__(self, view: LogView) -> None:
        super().__init__()
        self.view = view
        self.prompt = PromptLine("/", "search: enter finds, n and N go on, re:pattern, esc ends it")
        self.filter_prompt = PromptLine(
            "&", "only lines with this; !without; re:pattern; host=web*"
        )
        self.condition: Condition | None = None
        """What the shown rows have to meet."""
        self._source: RowSource = view.source
        self._names: Sequence[str] = ()
        self._worker: Worker[None] | None = None
        self._wants_first = False

    def compose(self) -> ComposeResult:
        """Yield the view, the search line and the filter line."""
        yield self.view
        yield self.prompt
        yield self.filter_prompt

    @property
    def search(self) -> Search | None:
        """Return the search in force."""
        return self.view.search

    def show_source(
        self, source: RowSource, gutter: Sequence[Span] = (), names: Sequence[str] = ()
    ) -> None:
        """Show another source, without search, filter and marks; `names` are its runs' hosts."""
        self.clear_search()
        self._drop_condition()
        self._source, self._names = source, names
        self.view.empty_because = ""
        self.view.show_source(source, gutter)
        self.view.change_look(marks=frozenset())

    def swap_source(self, source: RowSource, gutter: Sequence[Span] = ()) -> None:
        """Show the same rows arranged in another way; filter, marks and place stay."""
        self.clear_search()
        self._source = source
        width = min(14, max((len(name) for name, _ in gutter), default=0))
        self.view.change_look(gutter=tuple(gutter), gutter_width=width)
        self._apply()

    def sync(self, tails: Sequence[Row] | None = None) -> None:
        """Take note that there may be more rows."""
        self.view.sync(() if self.condition is not None else tails)
        self._look_on()

    # --- filter -----------------------------------------------------------------------------

    def open_filter(self) -> None:
        """Ask which lines to show."""
        self.filter_prompt.open(self.condition.text if self.condition else "")

    def set_filter(self, text: str) -> None:
        """Show only the rows that meet a condition (see `Condition`); empty shows all."""
        self.clear_search()
        self._drop_condition()
        self.condition = Condition(text, self._names) if text.strip() else None
        self._apply()

    def _apply(self) -> None:
        source, condition = self._source, self.condition
        self.view.empty_because = f"No line meets {condition.text!r}." if condition else ""
        self.view.swap_source(filtered(source, condition) if condition else source)
        self._look_on()

    def _drop_condition(self) -> None:
        if self.condition is not None and self.condition.matcher is not None:
            self.condition.matcher.close()
        self.condition = None

    # --- marks ------------------------------------------------------------------------------

    def toggle_mark(self) -> None:
        """Mark the line at the cursor, or unmark it."""
        row = self.view.row_at_cursor()
        if row is not None and row.line >= 0:
            self.view.change_look(marks=self.view.look.marks ^ {(row.run, row.line)})

    def step_mark(self) -> bool:
        """Go to the next marked line, from the top after the last; False when there is none."""
        here = self.view.place
        places = [self.view.source.locate(run, line) for run, line in self.view.look.marks]
        rows = sorted(place for place in places if place is not None)
        if not rows:
            return False
        self.view.go_to(next((row for row in rows if row > here), rows[0]))
        return True

    def block(self) -> list[Row]:
        """Return the rows around the cursor that are of the same run and of one kind."""
        held = self.view.row_at_cursor()
        if held is None:
            return []
        first = last = self.view.place
        while last - first < MOST_BLOCK and _same(held, self.view.row(first - 1)):
            first -= 1
        while last - first < MOST_BLOCK and _same(held, self.view.row(last + 1)):
            last += 1
        return self.view.source.read(first, last - first + 1)

    # --- search -----------------------------------------------------------------------------

    def open_search(self) -> None:
        """Ask what to look for."""
        self.prompt.open(self.search.needle if self.search else "")

    def clear_search(self) -> bool:
        """End the search; False when there was none."""
        had = self.search is not None or self.prompt.is_open
        self.prompt.close()
        if self.search is not None:
            self.search.matcher.close()
            self.view.show_search(None)
        return had

    def clear(self) -> bool:
        """Take back the nearest thing: the search, else the filter; False for neither."""
        if self.clear_search():
            return True
        had = self.condition is not None or self.filter_prompt.is_open
        self.filter_prompt.close()
        if had:
            self.set_filter("")
        return had

    def start_search(self, needle: str) -> None:
        """Look for `needle` from the beginning, and go to the match nearest to the place."""
        self.clear_search()
        if not needle:
            return
        self.view.show_search(Search(self.view.source, needle))
        self._wants_first = True
        self._look_on()

    def step_match(self, direction: int) -> bool:
        """Go to the next or previous match; False when there is none."""
        return self.view.go_to_match(direction)

    def search_status(self) -> str:
        """Return `match 3/41` and what the filter left, with how far they are."""
        notes = [self._found(self.search)] if self.search is not None else []
        if self.condition is not None:
            filters = list(filters_in(self.view.source))
            problem = next((f.problem for f in filters if f.problem), "")
            total, scanned = sum(f.total for f in filters), sum(f.scanned for f in filters)
            shown = fmt.count(sum(f.rows for f in filters))
            done = "" if scanned >= total else f" · {100 * scanned // total}% read"
            notes.append(f"{self.condition.text!r}: {problem or shown + ' lines'}{done}")
        return " · ".join(notes)

    def _found(self, search: Search) -> str:
        total = fmt.count(len(search.rows))
        if search.problem:
            return f"{search.needle!r}: {search.problem}"
        if not search.rows:
            found = f"no match for {search.needle!r}"
        elif self.view.cursor is None:
            found = f"{total} matches" if len(search.rows) > 1 else "1 match"
        else:
            found = f"match {fmt.count(search.position(self.view.cursor))}/{total}"
        if search.is_behind and self.view.source.rows:
            found += f" · {100 * search.scanned // self.view.source.rows}% searched"
        return found

    # --- beside the screen ------------------------------------------------------------------

    @property
    def _is_behind(self) -> bool:
        search = self.search
        behind = search is not None and (search.is_behind or search.is_owing)
        return behind or any(part.is_behind for part in filters_in(self.view.source))

    def _look_on(self) -> None:
        if self._is_behind and (self._worker is None or self._worker.is_finished):
            self._worker = self.run_worker(
                self._look(), group="search", description="search in output", exit_on_error=True
            )

    async def _look(self) -> None:
        while self._is_behind:
            source, search = self.view.source, self.search
            parts = [part for part in filters_in(source) if part.is_behind]
            moved = [await asyncio.to_thread(part.step) for part in parts]
            if parts and source is self.view.source:
                self.view.sync()
            if search is not None:
                moved.append(await asyncio.to_thread(_step, search))
                self._show_progress(search)
            if not any(moved):
                return  # what is missing is not there yet; the next frame asks again

    def _show_progress(self, search: Search) -> None:
        if search is not self.search:
            return
        if self._wants_first and search.rows and not search.is_behind:
            self._wants_first = False
            self.step_match(-1 if self.view.is_following else 1)
        if search.has_resolved():
            self.view.forget()
        self.view.post_message(LogView.Moved(self.view))

    @on(PromptLine.Changed)
    def _typed(self, event: PromptLine.Changed) -> None:
        event.stop()

    @on(PromptLine.Submitted)
    def _submitted(self, event: PromptLine.Submitted) -> None:
        event.stop()
        is_filter = self.filter_prompt.is_open
        self.prompt.close()
        self.filter_prompt.close()
        self.screen.set_focus(self.view)
        if is_filter:
            self.set_filter(event.text)
        else:
            self.start_search(event.text)

    @on(PromptLine.Cancelled)
    def _cancelled(self, event: PromptLine.Cancelled) -> None:
        event.stop()
        if self.filter_prompt.is_open:
            self.filter_prompt.close()
        else:
            self.clear_search()
        self.screen.set_focus(self.view)


def _same(held: Row, other: Row | None) -> bool:
    return other is not None and (other.run, other.tag) == (held.run, held.tag)


def _step(search: Search) -> bool:
    has_moved = search.step()
    return search.resolve() or has_moved
