"""A table that renders only the rows it shows: a thousand rows cost what thirty do.

To get a table with a cursor, sorting, a filter line, marks and ranges:

- write a `TableModel` (`ids`, `cells`, `search_text`; every text clean) and its `Column`s;
- put `FilteredTable(LineTable(model, columns, can_mark=True, ...))` into a `Pane` or a `Page`;
- give the place the scope `list` in `actions.SCOPE_CHAINS` and in `bindings_for`: the keys for
  moving, `/`, sorting, marks, ranges and copying come with it (`verbs/lists.py`);
- call `reload()` when rows came, went or may have changed places, `refresh_changed()` when only
  what the cells say has changed: states at once, numbers in frames in which `dirty.numbers` is set;
- let actions work on `marked_or_cursor()`, and name what they touch with `fmt.names(...)`.

Cells are ordered by what they say (`table_order`); a model that has better values offers
`sort_value(key, column)`. How many rows are marked, filtered out, and what orders them is said in
the border around the table (`status`).
"""

from __future__ import annotations

import textwrap
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip

from fleet_tui.tui import textual_seams
from fleet_tui.tui.widgets import paint
from fleet_tui.tui.widgets.columns import GAP, Column, Layout, arrange, cell_spans
from fleet_tui.tui.widgets.table_rows import TableRows
from fleet_tui.tui.widgets.themed_view import ThemedView

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.style import Style
    from textual import events

    from fleet_tui.tui.widgets.paint import Span
    from fleet_tui.tui.widgets.table_order import Order
    from fleet_tui.tui.widgets.table_rows import TableModel

MARK = "▌"


class LineTable(ThemedView, inherit_bindings=False):
    """Rows of a model with a cursor, marks, an order and a filter."""

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

    class Restated(Message):
        """The filter, the order or the marks changed; `status` says how they stand."""

        def __init__(self, table: LineTable) -> None:
            super().__init__()
            self.table = table

    def __init__(
        self,
        model: TableModel,
        columns: Sequence[Column],
        *,
        can_mark: bool = False,
        empty: str = "",
        id: str | None = None,
    ) -> None:
        super().__init__(id)
        self._model = model
        self._rows = TableRows(model, columns)
        self._columns = tuple(columns)
        self._head = int(any(column.title for column in columns))
        self.can_mark = can_mark
        self.empty = empty
        self._layout: Layout = Layout((), 0)
        self._arranged_for = 0
        self._cursor = 0
        self._has_moved = False
        self._painted: dict[int, list[Span]] = {}
        """Line on the screen to what its row said when it was painted last."""

    @property
    def _keys(self) -> list[str]:
        return self._rows.keys

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

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show these columns from now on; the order stays where its column does."""
        self._columns = tuple(columns)
        self._rows.set_columns(columns)
        self.reload()
        self._restate()

    @property
    def filter(self) -> str:
        """Return what the shown rows contain; `!text` shows those that do not."""
        return self._rows.filter

    @property
    def order(self) -> Order | None:
        """Return what the rows are sorted by; None leaves them as the model has them."""
        return self._rows.order

    @property
    def marks(self) -> set[str]:
        """Return the keys of the marked rows, those of an open range among them."""
        return set(self._rows.marked(self.cursor_key))

    @property
    def is_in_range(self) -> bool:
        """True while moving the cursor stretches a range."""
        return self._rows.marks.anchor is not None

    def marked_or_cursor(self) -> list[str]:
        """Return what an action is about: the marked rows, else the one under the cursor."""
        held = self.cursor_key
        return self._rows.marked(held) or [key for key in (held,) if key is not None]

    def name_of(self, key: str) -> str:
        """Return what a row is called where it is named."""
        return self._rows.name_of(key)

    def status(self) -> str:
        """Return what is marked, filtered out, and what orders the rows; empty for none of it."""
        return self._rows.status(self.cursor_key)

    def reload(self) -> None:
        """Ask the model for its keys again, and keep the cursor on its row."""
        held = self.cursor_key if self._has_moved else None
        before = (self._keys, self._cursor, self._layout)
        self._rows.reload()
        if held is not None and held in self._keys:
            self._cursor = self._keys.index(held)
        self._cursor = max(0, min(self._cursor, len(self._keys) - 1))
        self._fit()
        if self._keys and before == (self._keys, self._cursor, self._layout):
            self.refresh_changed()
        else:
            self.refresh()

    def set_filter(self, text: str) -> None:
        """Show only the rows that contain `text`."""
        self._rows.filter = text.strip()
        self.reload()
        self._restate()

    def sort_by(self, order: Order | None) -> None:
        """Order the rows by a column, or as the model has them."""
        self._rows.order = order
        self.reload()
        self.refresh()
        self._reveal()
        self._restate()

    def sort_column(self, name: str) -> bool:
        """Order by the column of this id or title, again the other way; False for an unknown."""
        try:
            self.sort_by(self._rows.order_by(name))
        except KeyError:
            return False
        return True

    def step_order(self, step: int) -> None:
        """Order by the next or previous column."""
        self.sort_by(self._rows.step_order(step))

    def reverse_order(self) -> None:
        """Turn the order round; without one, that of the first column."""
        self.sort_by(self._rows.reversed_order())

    @property
    def sort_columns(self) -> Sequence[str]:
        """Return the titles of the columns that rows can be ordered by."""
        return self._rows.titles()

    def _fit(self) -> None:
        width = self.scrollable_content_region.width or self.size.width
        self._arrange(width)
        textual_seams.resize_content(self, Size(width, len(self._keys) + self._head))

    def _arrange(self, width: int) -> None:
        lead = 2 if self.can_mark else 1
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
            if self.is_in_range:
                self.post_message(self.Restated(self))

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
        """Keep an open range; else mark or unmark the row under the cursor and go to the next."""
        if not self.can_mark or self.cursor_key is None:
            return
        if self.is_in_range:
            self.toggle_range()
            return
        self._rows.marks.toggle(self.cursor_key)
        self.move(1)
        self._restate()

    def toggle_range(self) -> None:
        """Begin a range at the cursor, or mark what the open one holds."""
        if self.can_mark and self.cursor_key is not None:
            self._rows.marks.toggle_range(self._keys, self.cursor_key)
            self._restate()

    def drop_range(self) -> bool:
        """Forget an open range; False when there is none."""
        had = self.is_in_range
        self._rows.marks.anchor = None
        if had:
            self._restate()
        return had

    def invert_marks(self) -> None:
        """Mark what is not marked among the shown rows, and the other way round."""
        if self.can_mark:
            self._rows.marks.invert(self._keys)
            self._restate()

    def clear_marks(self) -> None:
        """Unmark every row."""
        self._rows.marks.clear()
        self._restate()

    def _restate(self) -> None:
        self.refresh()
        self.post_message(self.Restated(self))

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
        """Put the cursor where the mouse is; twice opens the row; a title orders by it."""
        if event.y < self._head:
            self._click_title(event.x)
            return
        row = event.y - self._head + self.scroll_offset.y
        if not 0 <= row < len(self._keys):
            return
        self.move_to(row)
        if event.chain >= 2:
            self.post_message(self.Opened(self, self._keys[row]))

    def _click_title(self, x: int) -> None:
        left = self._layout.lead
        for column, width in zip(self._layout.columns, self._layout.widths, strict=True):
            if left <= x < left + width + GAP and column.title:
                self.sort_column(column.id)
                return
            left += width + GAP

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
            spans = self._painted[y] = self._spans(index)
            return self._row(index, spans, width, base)
        if not self._keys and (text := self._line_of_none(y - self._head, width)):
            return paint.on_base(paint.strip_of([(text, "muted")], self.palette), width, base)
        return Strip.blank(width, base)

    def _line_of_none(self, number: int, width: int) -> str:
        text = f"Nothing matches {self.filter!r}." if self.filter else self.empty
        lines = textwrap.wrap(text, max(8, width - 2))
        return f" {lines[number]}" if number < len(lines) else ""

    def _header(self) -> Strip:
        titles = {c.id: [(c.title, "faint")] for c in self._layout.columns}
        if self.order is not None and self.order.column in titles:
            titles[self.order.column].append((self.order.arrow, "accent"))
        lead = [(" " * self._layout.lead, "")]
        return paint.strip_of([*lead, *cell_spans(self._layout, titles)], self.palette)

    def refresh_changed(self) -> None:
        """Paint again the rows that say something else than they did."""
        first = self.scroll_offset.y - self._head
        for y in range(self._head, min(self.size.height, len(self._keys) - first)):
            if self._spans(first + y) != self._painted.get(y):
                self.refresh(Region(0, y, self.size.width, 1))

    def _spans(self, index: int) -> list[Span]:
        key = self._keys[index]
        marked = self._rows.marks.holds(key, index, self._keys, self._cursor)
        lead = [(MARK if marked else " ", "accent"), (" " * (self._layout.lead - 1), "")]
        return [*lead, *cell_spans(self._layout, self._model.cells(key))]

    def _row(self, index: int, spans: list[Span], width: int, base: Style) -> Strip:
        at_cursor = index == self._cursor
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
