"""From spans of text and roles to the strips that line-API widgets give to Textual."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from fleet_tui.tui.roles import Palette

Span: TypeAlias = tuple[str, str]
"""Clean text and its colour role; `*role` is bold."""


def style_of(palette: Palette, role: str, *, on_cursor: bool = False) -> Style:
    """Return the Rich style of a span's role."""
    bold = role.startswith("*")
    name = role[1:] if bold else role
    return palette.style(palette.on_cursor(name) if on_cursor else name, bold=bold)


def strip_of(spans: Iterable[Span], palette: Palette, *, on_cursor: bool = False) -> Strip:
    """Return a strip of the spans, without a background."""
    segments = [
        Segment(text, style_of(palette, role, on_cursor=on_cursor)) for text, role in spans if text
    ]
    return Strip(segments)


def loud(strip: Strip, palette: Palette) -> Strip:
    """Return a strip as it can be read on the cursor's line: quiet text in the plain colour."""
    quiet = palette.quiet_colours
    return Strip(
        [
            Segment(text, _without_colour(style), control)
            if style is not None and style.color in quiet
            else Segment(text, style, control)
            for text, style, control in strip
        ]
    )


def _without_colour(style: Style) -> Style:
    return Style(
        bgcolor=style.bgcolor,
        bold=style.bold,
        italic=style.italic,
        underline=style.underline,
        reverse=style.reverse,
        meta=style.meta,
    )


def on_base(strip: Strip, width: int, base: Style) -> Strip:
    """Return the strip in exactly `width` cells on a base style."""
    return strip.adjust_cell_length(width, base).apply_style(base)


def base_style(widget: Widget) -> Style:
    """Return a widget's own text colour and background."""
    style = widget.rich_style
    return Style(color=style.color, bgcolor=style.bgcolor)


def cursor_style(base: Style, palette: Palette, *, focused: bool) -> Style:
    """Return the base style of the cursor's line."""
    fill = palette.fill("cursor" if focused else "cursor-blur")
    return Style(color=base.color, bgcolor=fill.bgcolor)
