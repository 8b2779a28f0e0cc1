"""A table that renders only the rows it shows: a thousand rows cost what thirty do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from fleet_tui.tui import textual_seams
from fleet_tui.tui.roles import Palette
from fleet_tui.tui.widgets import paint
from fleet_tui.tui.widgets.columns import Column, Layout, arrange, cell_spans

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.style import Style
    from textual import events

    from fleet_tui.tui.widgets.paint import Span

MARK = "▌"


class TableModel(Protocol):
    """Where a table gets its rows from; `cells` is asked only for rows on the screen."""

    def ids(self) -> Sequence[str]:
        """Return the row keys in order."""

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return the spans of a row by column id; every text is clean."""

    def search_text(self, key: str) -> str:
        """Return what a filter looks at."""


class LineTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows of a model with a cursor, marks and a filter."""

    DEFAULT_CSS = """
    LineTable { height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; }
    """

    class Opened(Message):
        """A row was clicked twice."""

        def __init__(self, table: LineTable, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> LineTable:
            """Return the table."""
            return self.table

    class CursorMoved(Message):
        """The cursor went to another row."""

        def __init__(self, table: LineTable, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> LineTable:
            """Return the table."""
            return self.table

    def __init__(
        self,
        model: TableModel,
        columns: Sequence[Column],
        *,
        can_mark: bool = False,
        empty: str = "",
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._model = model
        self._columns = tuple(columns)
        self._head = int(any(column.title for column in columns))
        self._can_mark = can_mark
        self._empty = empty
        self._keys: list[str] = []
        self._layout: Layout = Layout((), 0)
        self._arranged_for = 0
        self._palette: Palette | None = None
        self._base: Style | None = None
        self._cursor = 0
        self._has_moved = False
        self.marks: set[str] = set()
        """Keys of the marked rows."""
        self.filter = ""
        """What the shown rows contain; `!text` shows those that do not."""

    @property
    def palette(self) -> Palette:
        """Return the styles of the current theme."""
        if self._palette is None:
            self._palette = Palette(self.app.theme_variables)
        return self._palette

    @property
    def base(self) -> Style:
        """Return the plain text colour on the background."""
        if self._base is None:
            self._base = paint.base_style(self)
        return self._base

    def notify_style_update(self) -> None:
        """Forget the theme's styles."""
        self._palette = self._base = None
        super().notify_style_update()

    @property
    def shown_keys(self) -> Sequence[str]:
        """Return the keys that pass the filter, in order."""
        return self._keys

    @property
    def cursor_key(self) -> str | None:
        """Return the key under the cursor; None in an empty table."""
        return self._keys[self._cursor] if self._cursor < len(self._keys) else None

    def column_width(self, column_id: str) -> int:
        """Return how wide a column is shown now; 0 when it is left out."""
        shown = zip(self._layout.columns, self._layout.widths, strict=False)
        return next((width for column, width in shown if column.id == column_id), 0)

    def set_least_width(self, column_id: str, width: int) -> None:
        """Give a flexible column at least so many cells from now on."""
        self._columns = tuple(
            replace(c, width=min(width, c.most)) if c.id == column_id else c for c in self._columns
        )

    def marked_or_cursor(self) -> list[str]:
        """Return what an action is about: the marked rows, else the one under the cursor."""
        marked = [key for key in self._model.ids() if key in self.marks]
        return marked or [key for key in (self.cursor_key,) if key is not None]

    def reload(self) -> None:
        """Ask the model for its keys again, and keep the cursor on its row."""
        held = self.cursor_key if self._has_moved else None
        keys = list(self._model.ids())
        self.marks.intersection_update(keys)
        self._keys = [key for key in keys if self._passes(key)] if self.filter else keys
        if held is not None and held in self._keys:
            self._cursor = self._keys.index(held)
        self._cursor = max(0, min(self._cursor, len(self._keys) - 1))
        self._fit()
        self.refresh()

    def set_filter(self, text: str) -> None:
        """Show only the rows that contain `text`."""
        self.filter = text.strip()
        self.reload()

    def _passes(self, key: str) -> bool:
        inverted = self.filter.startswith("!")
        needle = self.filter[1:] if inverted else self.filter
        return (needle.casefold() in self._model.search_text(key).casefold()) != inverted

    def _fit(self) -> None:
        width = self.scrollable_content_region.width or self.size.width
        self._arrange(width)
        textual_seams.resize_content(self, Size(width, len(self._keys) + self._head))

    def _arrange(self, width: int) -> None:
        lead = 2 if self._can_mark else 1
        self._layout = arrange(self._columns, width - lead, lead)
        self._arranged_for = width

    def on_resize(self) -> None:
        """Fit the columns to the new width."""
        self._fit()
        self._reveal()
        self.refresh()

    def move_to(self, index: int) -> None:
        """Put the cursor on a row, clamped to the table."""
        index = max(0, min(index, len(self._keys) - 1))
        if not self._keys:
            return
        self._has_moved = True
        changed = index != self._cursor
        self._cursor = index
        self._reveal()
        self.refresh()
        if changed:
            self.post_message(self.CursorMoved(self, self._keys[index]))

    def move(self, rows: int) -> None:
        """Move the cursor by so many rows."""
        self.move_to(self._cursor + rows)

    def page(self, direction: int) -> None:
        """Move the cursor by a screenful."""
        self.move(direction * max(1, self._body_height - 1))

    def select(self, key: str) -> bool:
        """Put the cursor on the row with this key; False when it is not shown."""
        if key not in self._keys:
            return False
        self.move_to(self._keys.index(key))
        return True

    def toggle_mark(self) -> None:
        """Mark or unmark the row under the cursor and go to the next."""
        if self._can_mark and self.cursor_key is not None:
            self.marks ^= {self.cursor_key}
            self.move(1)

    def invert_marks(self) -> None:
        """Mark what is not marked among the shown rows, and the other way round."""
        if self._can_mark:
            self.marks ^= set(self._keys)
            self.refresh()

    def clear_marks(self) -> None:
        """Unmark every row."""
        self.marks.clear()
        self.refresh()

    @property
    def _body_height(self) -> int:
        return max(1, self.scrollable_content_region.height - self._head)

    def _reveal(self) -> None:
        top = self.scroll_offset.y
        if self._cursor < top:
            top = self._cursor
        elif self._cursor >= top + self._body_height:
            top = self._cursor - self._body_height + 1
        if top != self.scroll_offset.y:
            self.scroll_to(y=top, animate=False, immediate=True)

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; a second click opens the row."""
        row = event.y - self._head + self.scroll_offset.y
        if event.y < self._head or not 0 <= row < len(self._keys):
            return
        self.move_to(row)
        if event.chain >= 2:
            self.post_message(self.Opened(self, self._keys[row]))

    def render_line(self, y: int) -> Strip:
        """Return one line: the header, a row, or nothing."""
        width = self.scrollable_content_region.width
        if width != self._arranged_for:  # a scrollbar came or went
            self._arrange(width)
        base = self.base
        if y < self._head:
            return paint.on_base(self._header(), width, base)
        index = self.scroll_offset.y + y - self._head
        if index < len(self._keys):
            return self._row(index, width, base)
        if y == self._head and not self._keys:
            text = f" Nothing matches {self.filter!r}." if self.filter else f" {self._empty}"
            return paint.on_base(paint.strip_of([(text, "muted")], self.palette), width, base)
        return Strip.blank(width, base)

    def _header(self) -> Strip:
        titles = {c.id: [(c.title, "faint")] for c in self._layout.columns}
        lead = [(" " * self._layout.lead, "")]
        return paint.strip_of([*lead, *cell_spans(self._layout, titles)], self.palette)

    def _row(self, index: int, width: int, base: Style) -> Strip:
        key = self._keys[index]
        at_cursor = index == self._cursor
        marked = key in self.marks
        lead = [(MARK if marked else " ", "accent"), (" " * (self._layout.lead - 1), "")]
        spans = [*lead, *cell_spans(self._layout, self._model.cells(key))]
        if at_cursor:
            base = paint.cursor_style(base, self.palette, focused=self.has_focus)
        strip = paint.strip_of(spans, self.palette, on_cursor=at_cursor)
        return paint.on_base(strip, width, base)

    def on_focus(self) -> None:
        """Show the cursor in its strong colour."""
        self.refresh()

    def on_blur(self) -> None:
        """Show the cursor in its quiet colour."""
        self.refresh()
