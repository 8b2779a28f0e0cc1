"""The one door through which text enters a widget: no control character, never markup."""

from __future__ import annotations

from textual.content import Content

from fleet_tui.model.text import one_line, sanitize

TAB = " " * 4


def clean(text: str) -> str:
    """Return `text` on one line, without anything a terminal would act on."""
    if text.isascii() and text.isprintable():
        return text
    return sanitize(text).replace("\n", " ").replace("\t", TAB)


def clean_block(text: str) -> str:
    """Return `text` with its line breaks, without anything else a terminal would act on."""
    return sanitize(text).replace("\t", TAB)


def content(text: str, style: str = "") -> Content:
    """Return a line of plain content; square brackets in it mean nothing."""
    return Content.styled(clean(text), style) if style else Content(clean(text))


def short(text: str, limit: int = 200) -> str:
    """Return `text` on one line, white space folded, at most `limit` characters."""
    return one_line(text, limit)
