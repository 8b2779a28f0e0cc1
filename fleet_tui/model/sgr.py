"""Colours and weights of output: the one kind of escape sequence that is kept, and only as data.

SGR (ECMA-48 8.3.117, `ESC [ … m`) can colour text and nothing else. Of it these are understood:
bold, dim, italic, underline, reverse, strike, and colours (16, 256, RGB). Blinking and hidden text
are left out: what a host wrote can always be read. Each line begins plain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TypeAlias

SGR = re.compile(r"\x1b\[([0-9;:]{0,64})m")

MOST_CHANGES = 256
"""Changes of colour that one line may have; what comes after keeps the last one."""

Colour: TypeAlias = "int | tuple[int, int, int]"
"""A place in the terminal's palette (0 to 255), or red, green and blue (0 to 255)."""


@dataclass(frozen=True, slots=True)
class Pen:
    """How text is drawn from some place on."""

    ink: Colour | None = None
    paper: Colour | None = None
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False
    strike: bool = False


PLAIN = Pen()

Colours: TypeAlias = "tuple[tuple[int, Pen], ...]"
"""Where in a text which pen begins, ascending."""

_SWITCHES: dict[int, tuple[str, bool]] = {
    1: ("bold", True), 2: ("dim", True), 3: ("italic", True), 4: ("underline", True),
    7: ("reverse", True), 9: ("strike", True), 21: ("underline", True), 23: ("italic", False),
    24: ("underline", False), 27: ("reverse", False), 29: ("strike", False),
}  # fmt: skip


def split(text: str) -> tuple[str, Colours]:
    """Return `text` without its SGR sequences, and what they said."""
    plain: list[str] = []
    found: list[tuple[int, Pen]] = []
    pen, end, length = PLAIN, 0, 0
    for match in SGR.finditer(text):
        piece = text[end : match.start()]
        plain.append(piece)
        length += len(piece)
        end = match.end()
        changed = drawn(pen, match[1])
        if changed != pen:
            pen = changed
            if found and found[-1][0] == length:
                found.pop()
            found.append((length, pen))
        if len(found) >= MOST_CHANGES:
            break
    plain.append(SGR.sub("", text[end:]))
    return "".join(plain), tuple(found)


@lru_cache(maxsize=4_096)
def drawn(pen: Pen, parameters: str) -> Pen:
    """Return the pen after one SGR sequence with these parameters."""
    numbers = [int(n[:6]) if n else 0 for n in parameters.replace(":", ";").split(";")]
    at = 0
    while at < len(numbers):
        code = numbers[at]
        at += 1
        if code == 0:
            pen = PLAIN
        elif code == 22:
            pen = replace(pen, bold=False, dim=False)
        elif code in _SWITCHES:
            name, value = _SWITCHES[code]
            pen = replace(pen, **{name: value})
        elif code in (38, 48):
            colour, at = _extended(numbers, at)
            if colour is not None:
                pen = replace(pen, ink=colour) if code == 38 else replace(pen, paper=colour)
        else:
            pen = _basic(pen, code)
    return pen


def _basic(pen: Pen, code: int) -> Pen:
    if 30 <= code <= 37:
        return replace(pen, ink=code - 30)
    if 90 <= code <= 97:
        return replace(pen, ink=code - 90 + 8)
    if 40 <= code <= 47:
        return replace(pen, paper=code - 40)
    if 100 <= code <= 107:
        return replace(pen, paper=code - 100 + 8)
    if code == 39:
        return replace(pen, ink=None)
    return replace(pen, paper=None) if code == 49 else pen


def _extended(numbers: list[int], at: int) -> tuple[Colour | None, int]:
    """Return the colour of `5;N` or `2;R;G;B` that begins at `at`, and where it ends."""
    kind = numbers[at] if at < len(numbers) else 0
    if kind == 5 and at + 1 < len(numbers):
        place = numbers[at + 1]
        return (place if place < 256 else None), at + 2
    if kind == 2 and at + 3 < len(numbers):
        red, green, blue = numbers[at + 1 : at + 4]
        good = max(red, green, blue) < 256
        return ((red, green, blue) if good else None), at + 4
    return None, len(numbers)
