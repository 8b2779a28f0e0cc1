"""Copying to the operator's clipboard: by a program of this machine, or through the terminal.

OSC 52 asks the terminal to do it, over SSH too. tmux passes it on with `set-clipboard on`, and when
wrapped in its own sequence with `allow-passthrough on`; the two can be told apart by nobody, so in
tmux `auto` sends both, which set the same clipboard.
"""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from fleet_tui.model.text import sanitize
from fleet_tui.tui import textual_seams
from fleet_tui.tui.clipboard_programs import WRITERS, first_usable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.config import Clipboard
    from fleet_tui.tui.app import FleetApp

MOST_BYTES = 74_000
"""What common terminals take in one OSC 52 sequence (the limit k9s measured)."""
PATIENCE = 5.0
"""Seconds a clipboard program may take."""


def prepared(text: str) -> tuple[str, bool]:
    """Return clean text of at most `MOST_BYTES`, and whether something was cut off."""
    data = sanitize(text).encode()
    if len(data) <= MOST_BYTES:
        return data.decode(), False
    return data[:MOST_BYTES].decode("utf-8", "ignore"), True


def chosen(way: Clipboard, environment: Mapping[str, str]) -> Clipboard:
    """Return what `auto` comes to: a program where we sit at the machine, else the terminal."""
    if way != "auto":
        return way
    is_remote = bool(environment.get("SSH_CONNECTION") or environment.get("SSH_TTY"))
    if not is_remote and first_usable(WRITERS, environment) is not None:
        return "native"
    return "auto" if environment.get("TMUX") else "osc52"


def sequences(way: Clipboard, text: str) -> str:
    """Return what a terminal is sent; `auto` is both ways that tmux may understand."""
    plain = f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"
    wrapped = f"\x1bPtmux;\x1b{plain}\x1b\\"
    return {"osc52": plain, "osc52-tmux": wrapped, "auto": plain + wrapped}[way]


def copy(app: FleetApp, text: str, what: str) -> None:
    """Put text on the operator's clipboard, and say what was copied and how."""
    way = chosen(app.control.config.clipboard, os.environ)
    if way == "off":
        app.toast("Nothing was copied: clipboard is off in [ui] of fleet.toml.", "warning")
        return
    textual_seams.remember_copied(app, sanitize(text))
    if way == "native":
        app.run_worker(_by_program(app, sanitize(text), what), group="copy", description="copy")
        return
    kept, was_cut = prepared(text)
    textual_seams.send_to_terminal(app, sequences(way, kept))
    cut = ", cut to what terminals take" if was_cut else ""
    through = {"osc52": "the terminal", "osc52-tmux": "tmux", "auto": "tmux and the terminal"}[way]
    app.toast(f"Copied {what} ({len(kept):,} characters{cut}) through {through}.", kind="copy")


async def _by_program(app: FleetApp, text: str, what: str) -> None:
    command = first_usable(WRITERS, os.environ)
    if command is None:
        names = ", ".join(command[0] for command, _ in WRITERS)
        app.toast(
            f"Nothing was copied: none of {names} can be used here; "
            'clipboard = "osc52" in [ui] asks the terminal.',
            "error",
        )
        return
    name = os.path.basename(command[0])
    problem = await asyncio.to_thread(_fill, command, text)
    if problem:
        app.toast(f"Nothing was copied: {name} {problem}.", "error")
    else:
        app.toast(f"Copied {what} ({len(text):,} characters) with {name}.", kind="copy")


def _fill(command: tuple[str, ...], text: str) -> str:
    """Run a clipboard program; returns what went wrong, empty when nothing did."""
    is_windows = command[0].endswith(".exe") or sys.platform == "win32"
    try:
        done = subprocess.run(
            command,
            input=text.encode("utf-16-le" if is_windows else "utf-8"),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"took longer than {PATIENCE:g} s"
    except OSError as error:
        return f"cannot be run: {error.strerror}"
    return f"ended with status {done.returncode}" if done.returncode else ""
