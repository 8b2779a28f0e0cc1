"""Output of any length: only the rows on the screen are read, laid out and painted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message

from fleet_tui.tui import textual_seams
from fleet_tui.tui.widgets import paint
from fleet_tui.tui.widgets.log_layout import LogLayout, Unit
from fleet_tui.tui.widgets.log_pages import PagedRows
from fleet_tui.tui.widgets.log_paint import LogStyle, RowPainter
from fleet_tui.tui.widgets.log_rows import FixedRows, Row, RowSource
from fleet_tui.tui.widgets.themed_view import ThemedView

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.style import Style
    from textual import events
    from textual.selection import Selection
    from textual.strip import Strip

    from fleet_tui.tui.widgets.log_search import Search
    from fleet_tui.tui.widgets.paint import Span

STRIPS_HELD = 500
TAIL_SHARE = 3
"""Unfinished lines may take one third of the window."""


class LogView(ThemedView, inherit_bindings=False):
    """Rows of a source, with a place in them: at the end (following) or somewhere (paused)."""

    DEFAULT_CSS = """
    LogView { height: 1fr; overflow-x: hidden; overflow-y: scroll; scrollbar-size-vertical: 1; }
    """

    class Moved(Message):
        """The place changed: it follows, or no longer does, or there is more below."""

        def __init__(self, view: LogView) -> None:
            super().__init__()
            self.view = view

        @property
        def control(self) -> LogView:
            """Return the view."""
            return self.view

    def __init__(
        self,
        clock_time: Callable[[float], str],
        *,
        empty: str = "",
        follows: bool = True,
        id: str | None = None,
    ) -> None:
        super().__init__(id)
        self._clock_time = clock_time
        self.empty = empty
        """What is said while there is no row."""
        self.empty_because = ""
        """What is said instead while a filter is the reason."""
        self._rows = PagedRows(FixedRows(()))
        self._tails: Sequence[Row] = ()
        self._style = LogStyle(width=0)
        self._painter = RowPainter(self._style, clock_time)
        self._strips: LRUCache[tuple[int, int], list[Strip]] = LRUCache(STRIPS_HELD)
        self._window: list[tuple[int, Strip]] | None = None
        self._bottom = 0
        self._is_placing = False
        self._laid_out_height = 0
        self._starts_at_end = follows
        self.is_following = follows
        """True while the newest line is in view and new ones push it up."""
        self.cursor: int | None = None
        """The row that keys act on; None at the end, or before the first move."""
        self.seen_rows = 0
        """How many rows there were when the view last followed."""
        self.search: Search | None = None

    @property
    def source(self) -> RowSource:
        """Return what is shown."""
        return self._rows.source

    @property
    def new_rows(self) -> int:
        """Return how many rows came since the view stopped following."""
        return 0 if self.is_following else max(0, self._rows.rows - self.seen_rows)

    @property
    def look(self) -> LogStyle:
        """Return how rows are shown now."""
        return self._style

    def show_source(self, source: RowSource, gutter: Sequence[Span] = ()) -> None:
        """Show another source, from its end (or its beginning, for a text that is read)."""
        self._rows = PagedRows(source)
        width = min(14, max((len(name) for name, _ in gutter), default=0))
        self._tails = ()
        self.search = None
        self.cursor = None
        self.is_following = self._starts_at_end
        self.change_look(gutter=tuple(gutter), gutter_width=width, search=None)
        if not self._starts_at_end:
            self._place(0)

    def swap_source(self, source: RowSource) -> None:
        """Show another arrangement of the same rows, at the line that was in view."""
        held = self._held_row()
        self._rows = PagedRows(source)
        self.search = None
        self.change_look(search=None)
        self._return_to(held)

    def _held_row(self) -> Row | None:
        """Return the row that the place is about; None while it follows."""
        if self.is_following:
            return None
        return self._rows.get(self.scroll_offset.y if self.cursor is None else self.cursor)

    def _return_to(self, held: Row | None) -> None:
        """Go to where a row stands now."""
        if held is None:
            return
        row = self.source.locate(held.run, held.line)
        if row is None:
            self.follow()
        elif self.cursor is not None:
            self.go_to(row)
        else:
            self._place(row)

    def change_look(self, **changes: object) -> None:
        """Change how rows are shown; the fields are those of `LogStyle`."""
        self._style = replace(self._style, **changes)  # type: ignore[arg-type]
        self._painter = RowPainter(self._style, self._clock_time)
        self.forget()
        self.sync()

    def sync(self, tails: Sequence[Row] | None = None) -> None:
        """Take note that there may be more rows, or other unfinished lines."""
        if tails is not None:
            self._tails = tails
        height = self.window_height
        if not height:
            return
        held = self._held_row()
        if self._rows.refresh():
            self.forget()
            self._return_to(held)
            if self.search is not None and not self.search.is_behind:
                self.search.start_again()
        self._laid_out_height = height
        units = self._layout().above(self._rows.rows, height)
        self._bottom = units[0].row if units else 0
        self._is_placing = True
        textual_seams.resize_content(self, Size(self._style.width, self._bottom + height))
        self._is_placing = False
        if self.is_following:
            self.seen_rows = self._rows.rows
            self._place(self._bottom)
        self._window = None
        self.refresh()
        self.post_message(self.Moved(self))

    @property
    def window_height(self) -> int:
        """Return how many lines the window shows."""
        return self.scrollable_content_region.height

    def on_resize(self) -> None:
        """Wrap again to the new width."""
        self.change_look(width=self.scrollable_content_region.width)

    def forget(self) -> None:
        """Forget everything painted."""
        self._strips.clear()
        self._window = None
        self.refresh()

    def _layout(self) -> LogLayout:
        layout = LogLayout(self._rows, self._painter.measure, is_folded=self._style.is_folded)
        layout.break_at = self.cursor
        return layout

    def _place(self, row: int) -> None:
        """Scroll so that `row` is the first one shown, as our own doing."""
        self._is_placing = True
        self.scroll_to(y=row, animate=False, force=True, immediate=True)
        self._is_placing = False
        self._window = None
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow or pause by where the operator scrolled to."""
        super().watch_scroll_y(old_value, new_value)
        self._window = None
        is_resizing = self.window_height != self._laid_out_height
        if not (self._is_placing or is_resizing) and round(old_value) != round(new_value):
            self._take_position(follows=round(new_value) >= self._bottom)

    def _take_position(self, *, follows: bool) -> None:
        if follows != self.is_following:
            self.is_following = follows
            self.seen_rows = self._rows.rows
        if follows:
            self.cursor = None
        self._window = None
        self.refresh()
        self.post_message(self.Moved(self))

    def follow(self) -> None:
        """Go to the end and stay there."""
        self.cursor = None
        self._take_position(follows=True)
        self.sync()

    def go_to(self, row: int, *, is_first: bool = False) -> None:
        """Put the cursor on a row, and bring it into view."""
        row = max(0, min(row, self._rows.rows - 1))
        top, height = self.scroll_offset.y, self.window_height
        self.cursor = row
        self._take_position(follows=False)
        if is_first or row < top:
            self._place(min(row, self._bottom) if not is_first else row)
            return
        units = self._layout().below(top, height)
        filled = sum(unit.height for unit in units)
        last = units[-1] if units else Unit(row, 1, 1)
        if row >= last.row + last.rows or (row == last.row and filled > height):
            unit = self._layout().starting(row) or Unit(row, 1, 1)
            above = self._layout().above(row + unit.rows, height)
            self._place(above[0].row if above else row)

    def move(self, direction: int) -> None:
        """Move the cursor to the next or the previous line."""
        layout = self._layout()
        if self.cursor is None:
            if self.is_following and direction > 0:
                return
            top = self.scroll_offset.y
            unit = layout.ending(self._rows.rows) if self.is_following else layout.starting(top)
            if unit is not None:
                self.go_to(unit.row)
            return
        unit = layout.starting(self.cursor) if direction > 0 else layout.ending(self.cursor)
        if direction > 0 and unit is not None:
            target = unit.row + unit.rows
            self.go_to(target) if target < self._rows.rows else self.follow()
        elif unit is not None:
            self.go_to(unit.row)

    def page(self, direction: int) -> None:
        """Scroll by a window, less one line."""
        layout, top = self._layout(), self.scroll_offset.y
        step = max(1, self.window_height - 1)
        units = layout.above(top + 1, step) if direction < 0 else layout.below(top, step)[-1:]
        if not units:
            return
        self.cursor = None
        row = units[0].row
        if row >= self._bottom:
            self.follow()
        else:
            self._take_position(follows=False)
            self._place(row)

    def top(self) -> None:
        """Go to the first line."""
        self.go_to(0, is_first=True)

    @property
    def place(self) -> int:
        """Return the position of the row that keys act on."""
        if self.cursor is not None:
            return self.cursor
        return self._rows.rows - 1 if self.is_following else self.scroll_offset.y

    def row(self, position: int) -> Row | None:
        """Return a row; None when it is not there."""
        return self._rows.get(position)

    def row_at_cursor(self) -> Row | None:
        """Return the row that keys act on: the cursor's, else the last one, or the first shown."""
        return self._rows.get(self.place)

    def show_search(self, search: Search | None) -> None:
        """Mark the matches of a search."""
        self.search = search
        self.change_look(search=search)

    def go_to_match(self, direction: int) -> bool:
        """Go to the next or previous match; False when there is none."""
        if self.search is None:
            return False
        here = self._rows.rows if self.cursor is None and self.is_following else self.place
        row = self.search.after(here) if direction > 0 else self.search.before(here)
        if row is None:
            return False
        self.go_to(row)
        self.forget()
        return True

    def on_click(self, event: events.Click) -> None:
        """Put the cursor on the line under the mouse."""
        window = self._lines()
        if self.screen.get_selected_text() or not 0 <= event.y < len(window):
            return
        row = window[event.y][0]
        if row >= 0:
            self.go_to(row)

    def render_line(self, y: int) -> Strip:
        """Return one line of the window."""
        width = self.scrollable_content_region.width
        base = self.base
        lines = self._lines()
        if y >= len(lines):
            text = f" {self.empty_because or self.empty}" if y == 0 and not lines else ""
            return paint.on_base(paint.strip_of([(text, "muted")], self.palette), width, base)
        row, strip = lines[y]
        if self.cursor is not None and row == self.cursor:
            base = paint.cursor_style(base, self.palette, focused=self.has_focus)
            strip = paint.loud(strip, self.palette)
        return paint.on_base(strip, width, base)

    def _lines(self) -> list[tuple[int, Strip]]:
        """Return the window's lines with the row each belongs to (-1: an unfinished line)."""
        if self._window is None:
            tails = self._tails if self.is_following else ()
            tails = tails[-max(1, self.window_height // TAIL_SHARE) :]
            room = self.window_height - len(tails)
            layout = self._layout()
            if self.is_following:
                units = layout.above(self._rows.rows, room)
            else:
                units = layout.below(self.scroll_offset.y, room)
            lines = [(u.row, strip) for u in units for strip in self._unit_strips(u)]
            lines = lines[-room:] if self.is_following else lines[:room]
            plain = replace(self._style, is_wrapped=False)
            painter = RowPainter(plain, self._clock_time)
            lines += [(-1, painter.lines(row, 0, 1, self.palette)[0]) for row in tails]
            self._window = lines
        return self._window

    def _unit_strips(self, unit: Unit) -> list[Strip]:
        key = (unit.row, unit.rows)
        selection = self.text_selection
        span = selection.get_span(unit.row) if selection is not None else None
        if span is None and key in self._strips:
            return self._strips[key]
        row = self._rows.get(unit.row)
        if row is None:
            return []
        self._painter.colours = self.colours
        style: Style | None = None
        if span is not None:
            style = self.screen.get_component_rich_style("screen--selection")
        strips = self._painter.lines(row, unit.row, unit.rows, self.palette, span, style)
        if span is None:
            self._strips[key] = strips
        return strips

    def selection_updated(self, selection: Selection | None) -> None:
        """Paint the selected text again."""
        self._window = None
        self.refresh()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text, at most ten thousand lines of it."""
        first = selection.start.y if selection.start is not None else 0
        last = selection.end.y if selection.end is not None else self._rows.rows - 1
        rows = self.source.read(first, min(last - first + 1, 10_000))
        texts = [row.text for row in rows]
        if not texts:
            return None
        if selection.end is not None and len(texts) == last - first + 1:
            texts[-1] = texts[-1][: selection.end.x]
        if selection.start is not None:
            texts[0] = texts[0][selection.start.x :]
        return "\n".join(texts), "\n"
