"""Colour roles of the theme, resolved to Rich styles for widgets that paint whole lines."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from rich.style import Style

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.color import Color

HOST_HUES = 8

DEFAULT_ROLES: Mapping[str, str] = {
    "muted": "#9aa7ba",
    "faint": "#8290a5",
    "ok": "#7fd6a0",
    "wait": "#e6c07b",
    "bad": "#ff9494",
    "accent": "#86bcff",
    "tool": "#c8aeff",
    "think": "#94a6bd",
    "cursor": "#233450",
    "cursor-blur": "#1b2434",
    "match": "#e6c07b",
    "match-text": "#11151c",
    "badge": "#e6c07b",
    "badge-text": "#11151c",
    "host-1": "#86bcff",
    "host-2": "#7fd6a0",
    "host-3": "#e6c07b",
    "host-4": "#f49ac1",
    "host-5": "#c8aeff",
    "host-6": "#6fd3d9",
    "host-7": "#f2a678",
    "host-8": "#b9d26e",
}
"""Role to colour; what a theme leaves out is taken from here."""

FILL_ROLES = frozenset({"cursor", "cursor-blur", "match", "badge"})
"""Roles that are backgrounds; all others are text."""

QUIET_ROLES = frozenset({"muted", "faint", "think"})
"""Text roles that give way to the plain text colour on the cursor's line."""

PREFIX = "fleet-"


def variable_defaults() -> dict[str, str]:
    """Return the CSS variables that the screen's styles may use (`$fleet-ok`, …)."""
    return {PREFIX + role: colour for role, colour in DEFAULT_ROLES.items()}


def host_hue(name: str) -> str:
    """Return the colour role of a host: stable between programs, machines and starts."""
    value = 0
    for byte in name.encode("utf-8", "replace"):
        value = (value * 33 + byte) & 0xFFFFFFFF
    return f"host-{(value ^ value >> 16) % HOST_HUES + 1}"


class Palette:
    """Rich styles of the current theme's roles, on a given base."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._colours = {
            role: variables.get(PREFIX + role, colour) for role, colour in DEFAULT_ROLES.items()
        }

    def style(self, role: str, *, bold: bool = False) -> Style:
        """Return the style of a text role; `""` and `text` leave the base colour."""
        colour = self._colours.get(role)
        return _style(colour, None, bold)

    def fill(self, role: str, text: str | None = None, *, bold: bool = False) -> Style:
        """Return the style of a background role, with the text role on it."""
        return _style(self._colours.get(text or ""), self._colours[role], bold)

    @property
    def quiet_colours(self) -> frozenset[Color | None]:
        """Return the colours of the roles that give way on the cursor's line."""
        return frozenset(self.style(role).color for role in QUIET_ROLES)

    def on_cursor(self, role: str) -> str:
        """Return the role that stays readable on the cursor's line."""
        return "" if role in QUIET_ROLES else role


@lru_cache(maxsize=512)
def _style(colour: str | None, background: str | None, bold: bool) -> Style:
    return Style(color=colour, bgcolor=background, bold=bold or None)
