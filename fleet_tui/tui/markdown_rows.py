"""Markdown of an agent's answer as rows of a log view: our own lines, never a widget's markup.

Headings, lists, quotes, code, tables, rules and emphasis are drawn with weights and the theme's
colours; raw HTML and links that are not text stay text. Every piece passes `safe.clean`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from rich.cells import cell_len

from fleet_tui.model.sgr import PLAIN, Pen
from fleet_tui.tui import fmt
from fleet_tui.tui.safe import clean
from fleet_tui.tui.widgets.log_rows import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from markdown_it.token import Token

MOST_TEXT = 200_000
"""Characters of an answer that are drawn."""
MOST_DEPTH = 8
"""Lists and quotes in one another that are indented."""
LEAST_WIDTH = 20

HEADING = (Pen(ink=12, bold=True, underline=True), Pen(ink=12, bold=True), Pen(bold=True))
CODE = Pen(ink=14)
QUOTE = Pen(ink=8)
MARKER = Pen(ink=12)
BULLETS = "•◦▪"

Piece = tuple[str, Pen]


@dataclass(slots=True)
class _Level:
    """A list or a quote that encloses what is drawn."""

    lead: str
    """What its first line begins with; later ones are indented as far, or begin so too."""
    is_quote: bool = False
    number: int | None = None
    is_fresh: bool = True


@dataclass(slots=True)
class _Page:
    width: int
    rows: list[list[Piece]] = field(default_factory=list)
    levels: list[_Level] = field(default_factory=list)

    def lead(self) -> list[Piece]:
        """Return what stands before the next line; a list's sign stands only once."""
        pieces: list[Piece] = []
        for level in self.levels[:MOST_DEPTH]:
            if level.is_quote:
                pieces.append((level.lead, QUOTE))
            else:
                pieces.append((level.lead if level.is_fresh else " " * len(level.lead), MARKER))
                level.is_fresh = False
        return pieces

    def gap(self) -> None:
        """Leave a line free, unless there is one or nothing yet."""
        if self.rows and any(text.strip(" ▎") for text, _ in self.rows[-1]):
            self.rows.append([(lv.lead, QUOTE) for lv in self.levels[:MOST_DEPTH] if lv.is_quote])

    def put(self, pieces: Sequence[Piece], *, wraps: bool = True) -> None:
        """Add a paragraph, wrapped at words."""
        room = self.width - sum(cell_len(level.lead) for level in self.levels[:MOST_DEPTH])
        lines = _wrapped(pieces, max(LEAST_WIDTH, room)) if wraps else [list(pieces)]
        for line in lines:
            self.rows.append([*self.lead(), *line])


def markdown_rows(text: str, width: int) -> list[Row]:
    """Return the rows that show `text` in `width` cells."""
    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    page = _Page(max(LEAST_WIDTH, width))
    _draw(page, parser.parse(text[:MOST_TEXT]))
    if len(text) > MOST_TEXT:
        page.put([(f"[{len(text) - MOST_TEXT:,} characters more are not drawn]", QUOTE)])
    return [_row(number, pieces) for number, pieces in enumerate(page.rows)]


def _draw(page: _Page, tokens: Sequence[Token]) -> None:
    at = 0
    heading = 0
    while at < len(tokens):
        token = tokens[at]
        kind = token.type
        if kind == "table_open":
            end = next(i for i in range(at, len(tokens)) if tokens[i].type == "table_close")
            page.gap()
            _table(page, tokens[at:end])
            at = end
        elif kind == "heading_open":
            heading = int(token.tag[1:])
            page.gap()
        elif kind == "heading_close":
            heading = 0
        elif kind == "paragraph_open":
            if not token.hidden and not (page.levels and page.levels[-1].is_fresh):
                page.gap()
        elif kind == "inline":
            base = HEADING[min(heading, len(HEADING)) - 1] if heading else PLAIN
            for line in _inline(token, base):
                page.put(line)
        elif kind in ("fence", "code_block"):
            page.gap()
            for code in token.content.rstrip("\n").split("\n"):
                page.put([("  " + clean(code), CODE)], wraps=False)
        elif kind == "hr":
            page.gap()
            page.put([("─" * min(40, page.width), QUOTE)])
        else:
            _nest(page, token)
        at += 1


def _nest(page: _Page, token: Token) -> None:
    """Enter or leave a list, one of its items, or a quote."""
    levels = page.levels
    if token.type == "blockquote_open":
        page.gap()
        levels.append(_Level("▎ ", is_quote=True))
    elif token.type == "bullet_list_open":
        depth = sum(not level.is_quote for level in levels)
        if not depth:
            page.gap()
        levels.append(_Level(f"{BULLETS[depth % len(BULLETS)]} "))
    elif token.type == "ordered_list_open":
        if not any(not level.is_quote for level in levels):
            page.gap()
        levels.append(_Level("", number=int(token.attrs.get("start", 1))))
    elif token.type == "list_item_open":
        level = levels[-1]
        level.is_fresh = True
        if level.number is not None:
            level.lead = f"{level.number}. "
            level.number += 1
    elif token.type in ("blockquote_close", "bullet_list_close", "ordered_list_close"):
        levels.pop()


def _inline(token: Token, base: Pen) -> list[list[Piece]]:
    """Return the lines of a paragraph: one, but for its hard breaks."""
    lines: list[list[Piece]] = [[]]
    pens = [base]
    links: list[str] = []
    for child in token.children or []:
        kind = child.type
        if kind == "text":
            lines[-1].append((clean(child.content), pens[-1]))
        elif kind == "code_inline":
            lines[-1].append((clean(child.content), CODE))
        elif kind == "softbreak":
            lines[-1].append((" ", pens[-1]))
        elif kind == "hardbreak":
            lines.append([])
        elif kind == "image":
            lines[-1].append((f"[image: {clean(child.content)}]", QUOTE))
        elif kind == "link_open":
            links.append(clean(str(child.attrs.get("href", ""))))
            pens.append(replace(pens[-1], underline=True))
        elif kind == "link_close":
            pens.pop()
            target = links.pop()
            if target and not any(target in text for text, _ in lines[-1]):
                lines[-1].append((f" ({target})", QUOTE))
        elif kind.endswith("_open"):
            change = {"strong_open": "bold", "em_open": "italic", "s_open": "strike"}[kind]
            pens.append(replace(pens[-1], **{change: True}))
        elif kind.endswith("_close"):
            pens.pop()
        else:
            lines[-1].append((clean(child.content), pens[-1]))
    return lines


def _table(page: _Page, tokens: Sequence[Token]) -> None:
    """Draw a table with columns as wide as what stands in them, cut to the page."""
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append("".join(text for line in _inline(token, PLAIN) for text, _ in line))
    count = max(len(row) for row in rows)
    most = max(4, page.width // count - 3)
    cells = [[*row, *[""] * (count - len(row))] for row in rows]
    widths = [min(most, max(cell_len(row[at]) for row in cells)) for at in range(count)]
    for number, row in enumerate(cells):
        line = " │ ".join(fmt.pad(fmt.clip(t, w), w) for t, w in zip(row, widths, strict=True))
        page.put([(line, HEADING[2] if number == 0 else PLAIN)], wraps=False)
        if number == 0:
            page.put([("─┼─".join("─" * width for width in widths), QUOTE)], wraps=False)


def _wrapped(pieces: Sequence[Piece], width: int) -> list[list[Piece]]:
    """Return lines of at most `width` cells, broken at spaces; a longer word stands alone."""
    lines: list[list[Piece]] = [[]]
    filled = 0
    for text, pen in pieces:
        for number, word in enumerate(text.split(" ")):
            gap = " " if number else ""
            size = cell_len(word)
            if filled and filled + len(gap) + size > width and gap:
                lines.append([])
                filled, gap = 0, ""
            if gap or word:
                lines[-1].append((gap + word, pen))
                filled += len(gap) + size
    return lines


def _row(number: int, pieces: Sequence[Piece]) -> Row:
    text, colours, pen = "", [], PLAIN
    for piece, wanted in pieces:
        if wanted != pen:
            colours.append((len(text), wanted))
            pen = wanted
        text += piece
    return Row(-1, "t", text, None, number, tuple(colours))
