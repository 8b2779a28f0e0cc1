"""Reaching for the operator who looks elsewhere: bell, terminal title, desktop notification.

Only while the terminal does not have the focus (as it reports it: DEC mode 1004), and only for the
events that `[ui]` of fleet.toml names. Every byte written here is ours or sanitized.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fleet_tui.tui import textual_seams
from fleet_tui.tui.safe import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fleet_tui.model.config import Attention
    from fleet_tui.model.notice import Notice
    from fleet_tui.tui.app import FleetApp

LONGEST = 120
BELL = "\a"
PUSH_TITLE, POP_TITLE = "\x1b[22;2t", "\x1b[23;2t"
"""XTWINOPS: the terminal keeps its title and gives it back."""


class Beckoner:
    """Tells what was asked for, once, while nobody looks."""

    def __init__(self, app: FleetApp, wanted: Attention, env: Mapping[str, str] | None = None):
        self._app = app
        self._wanted = wanted
        self._env = os.environ if env is None else env
        self._has_title = False

    def start(self) -> None:
        """Give the title back when the operator does."""
        self._app.watch(self._app, "app_focus", self._focus_changed, init=False)

    def tell(self, notices: Iterable[Notice]) -> None:
        """Reach out for those notices that are worth it; several bells are one."""
        if self._app.app_focus:
            return
        heard = list(notices)
        pieces = [
            desktop_sequence(f"{one.source}: {one.text}", self._env)
            for one in heard
            if one.event in self._wanted.desktop
        ][-1:]
        titled = [one for one in heard if one.event in self._wanted.title]
        if titled:
            pieces.append("" if self._has_title else PUSH_TITLE)
            pieces.append(title_sequence(f"{titled[-1].source}: {titled[-1].text}"))
            self._has_title = True
        if any(one.event in self._wanted.bell for one in heard):
            pieces.append(BELL)
        if pieces:
            textual_seams.write_to_terminal(self._app, "".join(pieces))

    def end(self) -> None:
        """Give the title back before the program ends."""
        if self._has_title:
            self._has_title = False
            textual_seams.write_to_terminal(self._app, POP_TITLE)

    def _focus_changed(self, has_focus: bool) -> None:
        if has_focus:
            self.end()


def title_sequence(text: str) -> str:
    """Return what sets the terminal's title (OSC 2)."""
    return f"\x1b]2;{short(text, LONGEST)}\a"


def desktop_sequence(text: str, env: Mapping[str, str]) -> str:
    """Return what asks the terminal for a desktop notification, in the form that it knows.

    OSC 777 for rxvt, foot, konsole and those of VTE, OSC 9 for all others; through tmux wrapped in
    its passthrough.
    """
    said = short(text, LONGEST)
    knows_777 = env.get("TERM", "").startswith(("rxvt", "foot")) or any(
        name in env for name in ("VTE_VERSION", "KONSOLE_VERSION")
    )
    sequence = f"\x1b]777;notify;fleet-tui;{said}\a" if knows_777 else f"\x1b]9;fleet-tui: {said}\a"
    if "TMUX" in env:
        escaped = sequence.replace("\x1b", "\x1b\x1b")
        return f"\x1bPtmux;{escaped}\x1b\\"
    return sequence
