"""The colours a host gave its output, in those of the theme, and always readable.

The sixteen basic colours become the theme's own. Others are kept when they stand out from what is
behind them (WCAG 2.2: 4.5 to 1), and else moved towards the plain text colour until they do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from rich.color import Color
from rich.style import Style
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from textual.color import Color as _Parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.sgr import Colour, Pen
    from fleet_tui.tui.roles import Palette

Rgb: TypeAlias = "tuple[int, int, int]"

LEAST_CONTRAST = 4.5
STEPS = 8
"""In how many steps a colour that cannot be read moves to the plain one."""

BASIC_ROLES: Mapping[int, str] = {
    0: "faint", 1: "bad", 2: "ok", 3: "wait", 4: "accent", 5: "tool", 6: "host-6", 7: "",
    8: "faint", 9: "bad", 10: "ok", 11: "wait", 12: "accent", 13: "tool", 14: "host-6", 15: "",
}  # fmt: skip
"""Palette entry to the theme's text role."""

_LEVELS = (0, 95, 135, 175, 215, 255)
_BASIC = DEFAULT_TERMINAL_THEME.ansi_colors


class HostColours:
    """Styles of pens on one theme; each is worked out once."""

    def __init__(self, palette: Palette, base: Style, *, is_plain: bool = False) -> None:
        self._palette = palette
        self._text = _rgb_of(base.color, (255, 255, 255))
        self._ground = _rgb_of(base.bgcolor, (0, 0, 0))
        self._is_plain = is_plain
        """Weights only, no colours (NO_COLOR)."""
        self._known: dict[Pen, Style] = {}

    def style(self, pen: Pen) -> Style:
        """Return the style that a pen adds to a line's own."""
        found = self._known.get(pen)
        if found is None:
            if len(self._known) > 4_096:
                self._known.clear()
            found = self._known[pen] = self._style(pen)
        return found

    def _style(self, pen: Pen) -> Style:
        weights = Style(
            bold=pen.bold or None,
            italic=pen.italic or None,
            underline=pen.underline or None,
            strike=pen.strike or None,
            reverse=(pen.reverse or None) if self._is_plain else None,
        )
        if self._is_plain:
            return weights
        ink = self._ink(pen.ink)
        if ink is None and pen.dim:
            ink = self._role("muted")
        paper = None if pen.paper is None else _rgb(pen.paper)
        if ink is None and paper is None and not pen.reverse:
            return weights
        front = self._text if ink is None else ink
        back = self._ground if paper is None else paper
        if pen.reverse:
            front, back = back, front
        shown = readable(front, back, self._text)
        is_filled = pen.reverse or paper is not None
        return weights + Style(
            color=Color.from_rgb(*shown), bgcolor=Color.from_rgb(*back) if is_filled else None
        )

    def _ink(self, colour: Colour | None) -> Rgb | None:
        if isinstance(colour, int) and colour in BASIC_ROLES:
            role = BASIC_ROLES[colour]
            return self._role(role) if role else None
        return None if colour is None else _rgb(colour)

    def _role(self, role: str) -> Rgb:
        return _rgb_of(self._palette.style(role).color, self._text)


def readable(ink: Rgb, paper: Rgb, text: Rgb) -> Rgb:
    """Return `ink`, or what is nearest to it on the way to a colour that can be read on `paper`."""
    ends = (text, (255, 255, 255), (0, 0, 0))
    end = next((c for c in ends if contrast(c, paper) >= LEAST_CONTRAST), ends[0])
    for step in range(STEPS + 1):
        share = step / STEPS
        red, green, blue = (round(a + (b - a) * share) for a, b in zip(ink, end, strict=True))
        if contrast((red, green, blue), paper) >= LEAST_CONTRAST:
            return red, green, blue
    return end


def contrast(one: Rgb, other: Rgb) -> float:
    """Return the contrast ratio of WCAG 2.2, 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Rgb) -> float:
    parts = [part / 255 for part in colour]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _rgb(colour: Colour) -> Rgb:
    """Return an entry of the 256-colour palette, or the colour itself."""
    if not isinstance(colour, int):
        return colour
    if colour < 16:
        red, green, blue = _BASIC[colour]
        return red, green, blue
    if colour >= 232:
        grey = 8 + 10 * (colour - 232)
        return grey, grey, grey
    cube = colour - 16
    return _LEVELS[cube // 36], _LEVELS[cube // 6 % 6], _LEVELS[cube % 6]


def _rgb_of(colour: Color | None, otherwise: Rgb) -> Rgb:
    if colour is None or colour.is_default:
        return otherwise
    parsed = _Parsed.from_rich_color(colour)
    return parsed.r, parsed.g, parsed.b
