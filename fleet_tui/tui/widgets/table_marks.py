"""Which rows of a table are marked, and the range that follows the cursor."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Marks:
    """Keys of marked rows; while `anchor` is set, also what lies between it and the cursor."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self.anchor: str | None = None
        """Where the open range began; None when none is open."""

    def toggle(self, key: str) -> None:
        """Mark a row, or unmark it."""
        self._keys ^= {key}

    def toggle_range(self, shown: Sequence[str], cursor: str) -> None:
        """Begin a range at the cursor, or mark the rows of the open one."""
        if self.anchor is None:
            self.anchor = cursor
            return
        self._keys = self.with_range(shown, cursor)
        self.anchor = None

    def invert(self, shown: Sequence[str]) -> None:
        """Mark the shown rows that are not marked, and unmark those that are."""
        self.anchor = None
        self._keys ^= set(shown)

    def clear(self) -> None:
        """Unmark every row."""
        self._keys.clear()
        self.anchor = None

    def keep(self, keys: Sequence[str]) -> None:
        """Forget rows that are not there any more."""
        if self._keys or self.anchor is not None:
            self._keys.intersection_update(keys)
            self.anchor = self.anchor if self.anchor in keys else None

    def with_range(self, shown: Sequence[str], cursor: str | None) -> set[str]:
        """Return the marked keys and those of the open range."""
        if self.anchor is None or self.anchor not in shown or cursor not in shown:
            return set(self._keys)
        first, last = sorted((shown.index(self.anchor), shown.index(cursor)))
        return self._keys | set(shown[first : last + 1])

    def holds(self, key: str, index: int, shown: Sequence[str], cursor: int) -> bool:
        """Tell whether the row at `index` is marked."""
        if key in self._keys:
            return True
        if self.anchor is None or self.anchor not in shown:
            return False
        first, last = sorted((shown.index(self.anchor), cursor))
        return first <= index <= last
