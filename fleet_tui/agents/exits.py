"""What an exit status says by itself, by the conventions of POSIX shells."""

from __future__ import annotations

import signal as _signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet_tui.transport.base import ExitStatus

NOT_EXECUTABLE = 126
NOT_FOUND = 127
_SIGNAL_BASE = 128
_NAMES = {1: "HUP", 2: "INT", 3: "QUIT", 6: "ABRT", 9: "KILL", 11: "SEGV", 13: "PIPE", 15: "TERM"}
"""Numbers that are the same on every system we reach; see signal(7)."""


def is_missing_binary(status: ExitStatus) -> bool:
    """True for the statuses by which a shell says that it could not start the program."""
    return status.code in (NOT_FOUND, NOT_EXECUTABLE)


def signal_of(status: ExitStatus) -> str:
    """Return the signal that ended the process, without SIG; empty when none did.

    A shell reports the death of its child as 128 plus the number; Python as the negative number.
    """
    if status.signal:
        return status.signal.removeprefix("SIG")
    code = status.code or 0
    number = -code if code < 0 else code - _SIGNAL_BASE
    if number in _NAMES:
        return _NAMES[number]
    if code < 0:
        try:
            return _signal.Signals(number).name.removeprefix("SIG")
        except ValueError:
            return str(number)
    return ""
