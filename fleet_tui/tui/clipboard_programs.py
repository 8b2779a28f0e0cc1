"""Programs of this machine that fill or print its clipboard, and which of them can work here."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

WRITERS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("pbcopy",), ""),
    (("wl-copy",), "WAYLAND_DISPLAY"),
    (("xclip", "-selection", "clipboard"), "DISPLAY"),
    (("xsel", "--clipboard", "--input"), "DISPLAY"),
    (("clip.exe",), ""),
)
"""Programs that take text on standard input, and the variable without which they cannot work."""
READERS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("pbpaste",), ""),
    (("wl-paste", "--no-newline"), "WAYLAND_DISPLAY"),
    (("xclip", "-selection", "clipboard", "-o"), "DISPLAY"),
    (("xsel", "--clipboard", "--output"), "DISPLAY"),
    (("powershell.exe", "-NoProfile", "-Command", "Get-Clipboard -Raw"), ""),
)
"""Programs that print the clipboard, and the variable without which they cannot work."""


def first_usable(
    programs: Iterable[tuple[tuple[str, ...], str]], environment: Mapping[str, str]
) -> tuple[str, ...] | None:
    """Return the first command that is installed and can work; None when there is none."""
    for command, needed in programs:
        if needed and not environment.get(needed):
            continue
        found = shutil.which(command[0], path=environment.get("PATH"))
        if found is not None:
            return (found, *command[1:])
    return None
