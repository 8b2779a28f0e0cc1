"""Labels with what is known of each; a text that needs more lines goes on under itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from textual.content import Content
from textual.widget import Widget

from fleet_tui.tui.safe import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.geometry import Size

Fact: TypeAlias = "tuple[Content, Content]"
"""A label, padded as wide as its column, and its text."""

LEAST = 16
"""Cells that a text gets at least, however wide its label is."""


def fact(label: str, text: str, style: str = "", *, width: int) -> Fact:
    """Return a fact with a faint label in a column of `width` cells."""
    return Content.styled(f"{label:<{width}}", "$fleet-faint"), Content.styled(clean(text), style)


class Facts(Widget):
    """Paints again only what differs from what it shows, and moves others only when it grows."""

    DEFAULT_CSS = "Facts { height: auto; width: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._facts: tuple[Fact, ...] = ()

    def show(self, facts: Iterable[Fact]) -> None:
        """Show these facts instead of the ones before."""
        new = tuple(facts)
        if len(new) == len(self._facts) and all(map(_is_same, new, self._facts)):
            return
        width = self.content_size.width
        before = len(self._lines(width))
        self._facts = new
        self.refresh(layout=not width or len(self._lines(width)) != before)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return how many lines the facts take at this width."""
        return len(self._lines(width))

    def render(self) -> Content:
        """Return the facts, wrapped to the width there is."""
        return Content("\n").join(self._lines(self.content_size.width))

    def _lines(self, width: int) -> list[Content]:
        return [line for label, text in self._facts for line in hanging(label, text, width)]


def hanging(label: Content, text: Content, width: int) -> list[Content]:
    """Return the lines of a fact, the second and further ones under the beginning of its text."""
    indent = label.cell_length
    if not text.plain:
        return [label]
    first, *rest = text.wrap(max(LEAST, width - indent))
    return [label + first.rstrip(), *(Content(" " * indent) + line.rstrip() for line in rest)]


def _is_same(one: Fact, other: Fact) -> bool:
    return one[0].is_same(other[0]) and one[1].is_same(other[1])
