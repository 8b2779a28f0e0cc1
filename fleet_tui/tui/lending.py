"""Lending the terminal to a program that a person uses: a shell, an agent's own session.

The screen's loop stands still meanwhile; the core, on its own thread, does not.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.tui import textual_seams
from fleet_tui.tui.safe import clean

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fleet_tui.tui.app import FleetApp

NEVER_BEGAN = frozenset({126, 127, 255})
"""Exit statuses after which what the program wrote is the only explanation: not executable, not
found, and ssh's own for a connection that failed or broke."""


@dataclass(frozen=True, slots=True)
class Loan:
    """How the program ended."""

    status: int | None = None
    """Its exit status, negative for a signal; None when it could not be started."""
    problem: str = ""
    """Why it could not be started."""

    def told(self, program: str) -> str:
        """Return one sentence on how it ended; empty when all is well."""
        if self.status is None:
            return f"{program} could not be started: {self.problem}"
        if self.status == 0:
            return ""
        if self.status < 0:
            return f"{program} was ended by signal {-self.status}"
        more = ", the connection failed or broke" if self.status == 255 else ""
        return f"{program} ended with exit status {self.status}{more}"


def lend(app: FleetApp, argv: Sequence[str], banner: str) -> Loan:
    """Run `argv` on the terminal until it ends; `banner` is what it finds above itself.

    Whatever happens, the terminal comes back as it was, with nothing typed ahead.
    """
    with textual_seams.lent_terminal(app):
        return run_on_terminal(argv, banner)


def run_on_terminal(argv: Sequence[str], banner: str) -> Loan:
    """Run `argv` on this process's own terminal; raises nothing that a program can cause."""
    with _deaf_to_interrupts(), _same_terminal_afterwards():
        _say(f"{clean(banner)}\n")
        try:
            loan = Loan(subprocess.run(list(argv), check=False).returncode)
        except (OSError, ValueError) as error:
            return Loan(problem=str(error))
        if loan.status in NEVER_BEGAN:
            _say(f"\n{clean(loan.told(os.path.basename(argv[0])))}. Press enter to go back. ")
            with contextlib.suppress(OSError, ValueError):
                os.read(0, 1024)
        return loan


def _say(text: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        os.write(2, text.encode("utf-8", "replace"))


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Let ctrl+c reach the program alone; a handler of ours is not inherited, ignoring would be."""
    names = [name for name in ("SIGINT", "SIGQUIT") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), lambda *_: None) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


@contextlib.contextmanager
def _same_terminal_afterwards() -> Iterator[None]:
    """Take the terminal's modes and its foreground back from whatever held them last."""
    if sys.platform == "win32":
        yield
        return
    import termios

    try:
        modes = termios.tcgetattr(0)
    except termios.error:
        yield
        return
    try:
        yield
    finally:
        # A job-control shell that was killed leaves itself in the foreground; taking it back
        # would stop us unless SIGTTOU is ignored.
        before = signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        try:
            with contextlib.suppress(OSError, termios.error):
                os.tcsetpgrp(0, os.getpgrp())
                termios.tcsetattr(0, termios.TCSAFLUSH, modes)
                termios.tcflush(0, termios.TCIFLUSH)
        finally:
            signal.signal(signal.SIGTTOU, before)
