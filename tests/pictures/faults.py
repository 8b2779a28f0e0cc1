"""What a person would find ugly in a picture: cut words, boxes over boxes, unreadable colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from textual.color import Color
from textual.content import Content
from textual.widgets import Button, Input, Static

from fleet_tui.tui.widgets.hint_bar import HintBar

if TYPE_CHECKING:
    from textual.geometry import Region
    from textual.screen import Screen
    from textual.widget import Widget

    from fleet_tui.tui.app import FleetApp

LEAST_CONTRAST = 4.4
DRAWN = set("─│╭╮╰╯┌┐└┘├┤┬┴┼━┃▁▂▃▄▅▆▇█▌▐▀░▒▓▔▕▏⎺⎽ ")
"""Characters that are lines and fills; they need not be read."""


def faults_of(app: FleetApp) -> list[str]:
    """Return every fault of the screen on top, as it is painted now."""
    screen = app.screen
    return [*_cut(screen), *_overlaps(screen), *_titles(screen), *_hints(screen), *_faint(app)]


def _shown(screen: Screen[Any]) -> dict[Widget, tuple[Region, Region]]:
    return {
        widget: (region, clip)
        for widget, (region, clip) in screen._compositor.visible_widgets.items()
        if widget is not screen and widget.visible and region.area and widget.display
    }


def _scrolls(widget: Widget) -> bool:
    return any(
        getattr(parent, "is_scrollable", False) and getattr(parent, "allow_vertical_scroll", False)
        for parent in widget.ancestors
    )


def _name(widget: Widget) -> str:
    return f"{type(widget).__name__}#{widget.id}" if widget.id else type(widget).__name__


def _cut(screen: Screen[Any]) -> list[str]:
    """Return widgets that reach beyond what can be seen, and text that is wider than its room."""
    found = []
    for widget, (region, clip) in _shown(screen).items():
        if "-textual-system" in widget.classes or _scrolls(widget):
            continue
        if region.intersection(clip) != region:
            found.append(f"{_name(widget)} is cut: {region} in {clip}")
        if isinstance(widget, Static | Button) and widget.content_size.height == 1:
            text = str(widget.label if isinstance(widget, Button) else widget.visual)
            plain = getattr(widget.render(), "plain", text).rstrip()
            if "\n" not in plain and cell_len(plain) > widget.content_size.width:
                found.append(f"{_name(widget)} cuts {plain!r} to {widget.content_size.width}")
        if isinstance(widget, Input) and not widget.value:
            room = widget.content_size.width
            if cell_len(str(widget.placeholder)) > room:
                found.append(f"{_name(widget)} cuts {widget.placeholder!r} to {room}")
    return found


def _overlaps(screen: Screen[Any]) -> list[str]:
    leaves = [
        (widget, region.intersection(clip))
        for widget, (region, clip) in _shown(screen).items()
        if not widget.is_container and not widget.children and not _is_floating(widget)
    ]
    return [
        f"{_name(one)} and {_name(other)} overlap at {a.intersection(b)}"
        for position, (one, a) in enumerate(leaves)
        for other, b in leaves[position + 1 :]
        if a.intersection(b).area
    ]


def _is_floating(widget: Widget) -> bool:
    return type(widget).__name__ in ("Toast", "ToastHolder", "ToastRack", "Tooltip", "ScrollBar")


def _titles(screen: Screen[Any]) -> list[str]:
    """Return titles in borders that do not fit between the corners."""
    found = []
    for widget, (region, _) in _shown(screen).items():
        for title in (widget.border_title, widget.border_subtitle):
            plain = Content.from_markup(title).plain if title else ""
            if plain and cell_len(plain) > region.width - 4:
                found.append(f"{_name(widget)} cuts its title {plain!r} to {region.width - 4}")
    return found


def _hints(screen: Screen[Any]) -> list[str]:
    found = []
    for bar in screen.query(HintBar):
        if bar.plain and cell_len(bar.plain) > bar.content_size.width:
            found.append(f"a hint is cut: {bar.plain!r} in {bar.content_size.width}")
        hints = [hint for hint in bar.plain.split("  ") if hint]
        if not hints:
            found.append("no hint at all")
    return found


def _faint(app: FleetApp) -> list[str]:
    """Return words whose colours a person can hardly tell from their ground."""
    screen = app.screen
    within = _readable_area(screen)
    found: dict[str, None] = {}
    for y, strip in enumerate(screen._compositor.render_strips(app.size)):
        x = 0
        for text, style, _ in strip:
            at, x = x, x + cell_len(text)
            word = text.strip()
            if not word or set(word) <= DRAWN or not within.contains(at, y):
                continue
            if style is None or style.color is None or style.bgcolor is None or style.dim:
                continue
            if style.color.triplet is None or style.bgcolor.triplet is None:
                continue
            ink, ground = Color(*style.color.triplet), Color(*style.bgcolor.triplet)
            ratio = _contrast(ink, ground)
            if ratio < LEAST_CONTRAST:
                found[f"{word[:30]!r} is hard to read: {ink.hex} on {ground.hex}, {ratio:.1f}"] = (
                    None
                )
    return list(found)


def _readable_area(screen: Screen[Any]) -> Region:
    """Return what is to be read: all, or of a dialog its box."""
    boxes = list(screen.query(".dialog")) if screen.is_modal else []
    return boxes[0].region if boxes else screen.region


def _contrast(one: Color, other: Color) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
