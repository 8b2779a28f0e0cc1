"""What our own terminal driver may send; everything else came from somewhere else."""

from __future__ import annotations

import re

WHAT_WE_SEND = re.compile(
    rb"\x1b\[[0-9;:]*m"  # colours
    rb"|\x1b\[[0-9;]*[HABCDGJKX]"  # cursor, erase
    rb"|\x1b\[\??[0-9;]*[hlp]|\x1b\[\?[0-9;]*\$p"  # modes, and asking for them
    rb"|\x1b\[[<>=?]?[0-9;]*[cuqnt]"  # keyboard, cursor shape, size
    rb"|\x1b[=>78]|\x1b\([B0]"
    rb"|\x1b\]22;[a-z-]*\x07"  # the shape of the mouse pointer
    rb"|\x1b\]1[12];\?(?:\x07|\x1b\\)"  # the terminal's own colours are asked
    rb"|\x1bP=[12]s\x1b\\"  # synchronised update, older form
    rb"|\x1b_G[^\x1b]*\x1b\\"  # whether pictures can be shown
)
"""Escape sequences of the terminal driver."""

CONTROL = re.compile(rb"[\x00-\x07\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]|\xc2[\x80-\x9f]")
BIDI = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_AROUND = 12


def foreign(written: bytes) -> list[bytes]:
    """Return what was written and is not ours: escape sequences, controls, reordering."""
    rest = WHAT_WE_SEND.sub(b"", written)
    found = re.findall(rb"\x1b.{0,%d}" % _AROUND, rest, re.DOTALL)
    found += [rest[m.start() : m.start() + _AROUND] for m in CONTROL.finditer(rest)]
    text = rest.decode("utf-8", "replace")
    return found + [m.group().encode() for m in BIDI.finditer(text)]
