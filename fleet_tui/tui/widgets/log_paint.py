"""Rows of output as strips: gutter, time, the glyph of what the line is, wrapped text, matches."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual.strip import Strip

from fleet_tui.tui import fmt
from fleet_tui.tui.safe import TAB, clean
from fleet_tui.tui.widgets import paint
from fleet_tui.tui.widgets.log_layout import wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.style import Style

    from fleet_tui.tui.host_colours import HostColours
    from fleet_tui.tui.roles import Palette
    from fleet_tui.tui.widgets.log_rows import Row, RowTag
    from fleet_tui.tui.widgets.log_search import Search
    from fleet_tui.tui.widgets.paint import Span

MOST_LINES = 40
"""Screen lines one row may take when it is wrapped; what is beyond is counted, not shown."""

TIME_WIDTH = 9
MARK = "◆ "


class TagLook(NamedTuple):
    """How a kind of line is introduced and coloured."""

    lead: str
    role: str


TAGS: Mapping[RowTag, TagLook] = {
    "o": TagLook("", ""),
    "e": TagLook("! ", "wait"),
    "t": TagLook("", ""),
    "k": TagLook("┆ ", "think"),
    "c": TagLook("▸ ", "tool"),
    "r": TagLook("  ↳ ", "muted"),
    "m": TagLook("· ", "faint"),
    "q": TagLook("? ", "*wait"),
    "d": TagLook("⊘ ", "wait"),
    "x": TagLook("✗ ", "bad"),
    "a": TagLook("■ ", "*accent"),
    "+": TagLook("+ ", "ok"),
    "-": TagLook("- ", "bad"),
    "=": TagLook("━━ ", "*accent"),
}


@dataclass(frozen=True, slots=True)
class LogStyle:
    """What decides how rows look; a new one means that nothing painted before holds."""

    width: int
    is_wrapped: bool = True
    shows_times: bool = False
    is_folded: bool = True
    gutter: tuple[Span, ...] = ()
    """Name and role by run; empty for no gutter."""
    gutter_width: int = 0
    search: Search | None = field(default=None, compare=False)
    marks: frozenset[tuple[int, int]] = frozenset()
    """Marked lines, as (run, line); while there are some, a column shows them."""


class RowPainter:
    """Turns one row into its screen lines."""

    def __init__(
        self,
        style: LogStyle,
        clock_time: Callable[[float], str],
        colours: HostColours | None = None,
    ) -> None:
        self.style = style
        self.colours = colours
        """How what a host coloured is shown; None leaves its colours out."""
        self._clock_time = clock_time

    def lead_width(self, row: Row) -> int:
        """Return how many cells stand before the text."""
        style = self.style
        gutter = style.gutter_width + 1 if style.gutter_width else 0
        times = TIME_WIDTH if style.shows_times else 0
        marks = len(MARK) if style.marks else 0
        return marks + gutter + times + cell_len(TAGS[row.tag].lead)

    def text_width(self, row: Row) -> int:
        """Return how many cells the text gets."""
        return max(1, self.style.width - self.lead_width(row))

    def measure(self, row: Row, size: int) -> int:
        """Return how many lines the row takes; `size` is how many rows a fold stands for."""
        if size > 1 or not self._wraps(row):
            return 1
        return min(MOST_LINES, len(wrap(clean(row.text), self.text_width(row))))

    def _wraps(self, row: Row) -> bool:
        return self.style.is_wrapped and not (self.style.is_folded and row.tag in "crk")

    def lines(
        self,
        row: Row,
        number: int,
        size: int,
        palette: Palette,
        selected: tuple[int, int] | None = None,
        selection_style: Style | None = None,
    ) -> list[Strip]:
        """Return the screen lines of a row; `number` is its position, for text selection."""
        text = clean(row.text)
        width = self.text_width(row)
        starts = wrap(text, width) if size == 1 and self._wraps(row) else [0]
        shown = starts[:MOST_LINES]
        marks = self._pens(row) + self._marks(text, palette, selected, selection_style)
        strips: list[Strip] = []
        for position, start in enumerate(shown):
            end = starts[position + 1] if position + 1 < len(starts) else len(text)
            note = _note(size, len(text) - end if position == len(shown) - 1 else 0)
            lead = paint.strip_of(self._lead(row, is_first=position == 0), palette)
            body = self._body(text, start, end, row, width, note, marks, palette, number)
            strips.append(Strip([*lead, *body]))
        return strips

    def _lead(self, row: Row, *, is_first: bool) -> list[Span]:
        style = self.style
        spans: list[Span] = []
        if style.marks:
            is_marked = is_first and (row.run, row.line) in style.marks
            spans.append((MARK if is_marked else " " * len(MARK), "*accent"))
        if style.gutter_width:
            name, role = style.gutter[row.run] if 0 <= row.run < len(style.gutter) else ("", "")
            name = fmt.clip_middle(name, style.gutter_width) if is_first else ""
            name = fmt.pad(name, style.gutter_width)
            spans.append((f"{name} ", role))
        if style.shows_times:
            stamp = self._clock_time(row.at) if is_first and row.at is not None else ""
            spans.append((fmt.pad(stamp, TIME_WIDTH), "faint"))
        look = TAGS[row.tag]
        spans.append((look.lead if is_first else " " * cell_len(look.lead), look.role))
        return spans

    def _body(
        self,
        text: str,
        start: int,
        end: int,
        row: Row,
        width: int,
        note: str,
        marks: Sequence[tuple[int, int, Style]],
        palette: Palette,
        number: int,
    ) -> list[Segment]:
        room = width - cell_len(note)
        piece = text[start:end].rstrip()
        if cell_len(piece) > room:
            piece = fmt.clip(piece, max(1, room))
        style = paint.style_of(palette, TAGS[row.tag].role)
        strip = Strip(_marked(piece, start, style, marks)).apply_offsets(start, number)
        tail = [Segment(note, paint.style_of(palette, "faint"))] if note else []
        return [*strip, *tail]

    def _pens(self, row: Row) -> list[tuple[int, int, Style]]:
        if self.colours is None or not row.colours:
            return []
        starts = [at for at, _ in row.colours]
        if "\t" in row.text:  # each tab is shown as several spaces
            starts = [at + (len(TAB) - 1) * row.text.count("\t", 0, at) for at in starts]
        styles = [self.colours.style(pen) for _, pen in row.colours]
        ends = [*starts[1:], 1 << 30]
        return [*zip(starts, ends, styles, strict=True)]

    def _marks(
        self,
        text: str,
        palette: Palette,
        selected: tuple[int, int] | None,
        selection_style: Style | None,
    ) -> list[tuple[int, int, Style]]:
        marks: list[tuple[int, int, Style]] = []
        if self.style.search is not None:
            found = palette.fill("match", "match-text")
            marks += [(a, b, found) for a, b in self.style.search.spans(text)]
        if selected is not None and selection_style is not None:
            start, end = selected
            marks.append((start, len(text) if end == -1 else end, selection_style))
        return marks


def _note(size: int, unseen: int) -> str:
    if size > 1:
        return f"  +{fmt.some(size - 1, 'line')}"
    return f"  +{fmt.some(unseen, 'character')}" if unseen > 0 else ""


def _marked(
    piece: str, start: int, style: Style, marks: Sequence[tuple[int, int, Style]]
) -> list[Segment]:
    """Return the piece's segments, with the parts that fall into a mark styled by it."""
    end = start + len(piece)
    cuts = {start, end}
    marks = [mark for mark in marks if mark[0] < end and mark[1] > start]
    for first, last, _ in marks:
        cuts |= {min(max(first, start), end), min(max(last, start), end)}
    ordered = sorted(cuts)
    segments: list[Segment] = []
    for left, right in itertools.pairwise(ordered):
        shown = style
        for first, last, mark in marks:
            if first <= left < last:
                shown = style + mark
        segments.append(Segment(piece[left - start : right - start], shown))
    return segments
