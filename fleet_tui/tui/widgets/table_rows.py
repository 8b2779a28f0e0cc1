"""Which rows a table shows and in which order, what is marked of them, and that said in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from fleet_tui.tui import fmt
from fleet_tui.tui.widgets.table_marks import Marks
from fleet_tui.tui.widgets.table_order import Order, SortsItself, ordered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.tui.widgets.columns import Column
    from fleet_tui.tui.widgets.paint import Span

NAMED = 2
"""Marked rows that the status names; the rest is counted."""


class TableModel(Protocol):
    """Where a table gets its rows from; `cells` is asked only for rows on the screen."""

    def ids(self) -> Sequence[str]:
        """Return the row keys in order."""

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return the spans of a row by column id; every text is clean."""

    def search_text(self, key: str) -> str:
        """Return what a filter looks at."""


class TableRows:
    """The keys of a model that pass the filter, in order, with their marks."""

    def __init__(self, model: TableModel, columns: Sequence[Column]) -> None:
        self.model = model
        self._titled: list[Column] = []
        self._first = ""
        self.keys: list[str] = []
        """What is shown, in order."""
        self.filter = ""
        self.order: Order | None = None
        self.marks = Marks()
        self.set_columns(columns)

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Order and name the rows by these columns; an order by one that is gone is dropped."""
        self._titled = [column for column in columns if column.title]
        self._first = columns[0].id if columns else ""
        if self.order is not None and self.order.column not in {c.id for c in self._titled}:
            self.order = None

    def reload(self) -> None:
        """Ask the model for its keys again."""
        keys = list(self.model.ids())
        self.marks.keep(keys)
        shown = [key for key in keys if self._passes(key)] if self.filter else keys
        self.keys = self._sorted(shown)

    def marked(self, cursor: str | None) -> list[str]:
        """Return the marked keys as the model orders them, an open range among them."""
        marks = self.marks.with_range(self.keys, cursor)
        return [key for key in self.model.ids() if key in marks] if marks else []

    def order_by(self, name: str) -> Order | None:
        """Return the order by the column of this id or title, reversed when it is in force.

        Raises KeyError when no column is called so.
        """
        wanted = name.strip().casefold()
        for column in self._titled:
            if wanted in (column.id.casefold(), column.title.casefold()):
                order = self.order
                is_same = order is not None and order.column == column.id
                return order.reversed() if order is not None and is_same else Order(column.id)
        raise KeyError(name)

    def step_order(self, step: int) -> Order | None:
        """Return the order by the next (or previous) column; after the last there is none."""
        ids: list[str | None] = [None, *(column.id for column in self._titled)]
        held = self.order.column if self.order is not None else None
        column = ids[((ids.index(held) if held in ids else 0) + step) % len(ids)]
        return Order(column) if column is not None else None

    def reversed_order(self) -> Order | None:
        """Return the order turned round; without one, that of the first column."""
        order = self.order or self.step_order(1)
        return order.reversed() if order is not None else None

    def titles(self) -> list[str]:
        """Return the titles of the columns that rows can be ordered by."""
        return [column.title for column in self._titled]

    def status(self, cursor: str | None) -> str:
        """Return what is marked, filtered out, and what orders the rows; empty for none of it."""
        notes = []
        marked = self.marked(cursor)
        if marked:
            words = fmt.names(marked, NAMED, self.name_of)
            notes.append(f"{len(marked):,} marked: {words}")
        if self.marks.anchor is not None:
            notes.append("range: v keeps it, esc drops it")
        if self.filter:
            notes.append(f"{len(self.keys):,} of {len(self.model.ids()):,} match {self.filter!r}")
        if self.order is not None:
            title = next(c.title for c in self._titled if c.id == self.order.column)
            notes.append(f"by {title} {self.order.arrow}")
        return " · ".join(notes)

    def name_of(self, key: str) -> str:
        """Return what a row is called where it is named: the text of its first titled cell."""
        column = self._titled[0].id if self._titled else self._first
        return self._cell_text(key, column).strip()

    def _passes(self, key: str) -> bool:
        inverted = self.filter.startswith("!")
        needle = self.filter[1:] if inverted else self.filter
        return (needle.casefold() in self.model.search_text(key).casefold()) != inverted

    def _sorted(self, keys: list[str]) -> list[str]:
        order, model = self.order, self.model
        if order is None:
            return keys
        column = order.column
        if isinstance(model, SortsItself):
            return ordered(keys, order, lambda key: model.sort_value(key, column))
        return ordered(keys, order, lambda key: self._cell_text(key, column))

    def _cell_text(self, key: str, column: str) -> str:
        return "".join(text for text, _ in self.model.cells(key).get(column, ()))
