"""Rows read lately, kept so that a repaint reads nothing twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.cache import LRUCache

from fleet_tui.tui.widgets.log_blocks import BlockRows

if TYPE_CHECKING:
    from fleet_tui.tui.widgets.log_rows import Row, RowSource

PAGE = 64
PAGES_HELD = 48


class PagedRows:
    """A source with the pages read last."""

    def __init__(self, source: RowSource) -> None:
        self.source = source
        self._pages: LRUCache[int, list[Row]] = LRUCache(PAGES_HELD)

    @property
    def rows(self) -> int:
        """How many there are."""
        return self.source.rows

    def refresh(self) -> bool:
        """Let blocks grow; True when rows have moved, so that nothing known of them holds."""
        if isinstance(self.source, BlockRows) and self.source.refresh():
            self._pages.clear()
            return True
        return False

    def get(self, row: int) -> Row | None:
        """Return a row; None when it is not there."""
        page, offset = divmod(row, PAGE)
        if row < 0:
            return None
        held = self._pages.get(page)
        if held is None or offset >= len(held):
            wanted = min(PAGE, self.source.rows - page * PAGE)
            if offset >= wanted:
                return None
            held = self._read(page, held or [], wanted)
        return held[offset] if offset < len(held) else None

    def _read(self, page: int, held: list[Row], wanted: int) -> list[Row]:
        first = page * PAGE + len(held)
        rows = [*held, *self.source.read(first, wanted - len(held))]
        self._pages[page] = rows
        return rows
