"""Columns of a table: which fit, how wide they become, and the cells cut to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

from fleet_tui.tui import fmt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.tui.widgets.paint import Span

GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """One column; widths are in cells."""

    id: str
    title: str
    width: int
    """Its width; for a flexible one the least it can live with."""
    is_flexible: bool = False
    """Takes a share of the room that is left."""
    is_right: bool = False
    most: int = 200
    """How wide a flexible one may become."""
    drop: int = 0
    """When room is short, the column with the highest number goes first; 0 always stays."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns with their final widths, and the cells before the first."""

    columns: tuple[Column, ...]
    lead: int
    widths: tuple[int, ...] = ()


def arrange(columns: Sequence[Column], width: int, lead: int) -> Layout:
    """Return the columns that fit into `width` cells, and what each gets."""
    kept = list(columns)
    while len(kept) > 1 and _needed(kept) > width:
        droppable = [c for c in kept if c.drop]
        if not droppable:
            break
        kept.remove(max(droppable, key=lambda c: c.drop))
    spare = max(0, width - _needed(kept))
    widths = {c.id: c.width for c in kept}
    flexible = [c for c in kept if c.is_flexible]
    while spare > 0 and flexible:
        share = max(1, spare // len(flexible))
        for column in list(flexible):
            gain = min(share, column.most - widths[column.id], spare)
            widths[column.id] += gain
            spare -= gain
            if widths[column.id] >= column.most:
                flexible.remove(column)
    return Layout(tuple(kept), lead, tuple(widths[c.id] for c in kept))


def _needed(columns: Sequence[Column]) -> int:
    return sum(c.width for c in columns) + GAP * (len(columns) - 1)


def cell_spans(layout: Layout, cells: Mapping[str, Sequence[Span]]) -> list[Span]:
    """Return one row's spans, each cell padded or cut to its column."""
    spans: list[Span] = []
    for position, (column, width) in enumerate(zip(layout.columns, layout.widths, strict=True)):
        if position:
            spans.append((" " * GAP, ""))
        spans += _fitted(cells.get(column.id, ()), width, is_right=column.is_right)
    return spans


def _fitted(cell: Sequence[Span], width: int, *, is_right: bool) -> list[Span]:
    taken = 0
    spans: list[Span] = []
    for position, (text, role) in enumerate(cell):
        size = cell_len(text)
        more_follows = any(rest for rest, _ in cell[position + 1 :])
        if taken + size > width or (taken + size == width and more_follows):
            spans.append((fmt.clip(text + "  ", width - taken), role))
            taken = width
            break
        spans.append((text, role))
        taken += size
    gap = [(" " * (width - taken), "")] if taken < width else []
    return [*gap, *spans] if is_right else [*spans, *gap]
