"""Text that came from another machine, made safe to store as a line and to show on a terminal.

Nothing that leaves this module holds a control character other than tab and newline, an escape
sequence, or a character that reorders its neighbours (Unicode bidi controls). One function keeps
the sequences that only colour (`model.sgr`); what it returns is for the spool and not for a screen.
"""

from __future__ import annotations

import re

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

_HARMLESS_BYTES = bytes([0x09, 0x0A, *range(0x20, 0x7F)])

_SEQUENCE = (
    r"(?:"
    r"\[[0-?]{0,64}[ -/]{0,8}[@-~]"  # CSI
    r"|[\]PX^_][^\x07\x1b\n]{0,4096}(?:\x07|\x1b\\)"  # OSC, DCS, SOS, PM, APC
    r"|[ -/]{0,4}[0-Z\\^-~]"  # two-character escapes
    r")"
)

_ESCAPE_SEQUENCE = re.compile(r"\x1b" + _SEQUENCE)

_NOT_COLOUR = r"(?!\[[0-9;:]{0,64}m)"
_OTHER_SEQUENCE = re.compile(r"\x1b" + _NOT_COLOUR + _SEQUENCE)

_HOSTILE_CHARACTERS = (
    "\x00-\x08\x0b-\x1a\x1c-\x1f\x7f"  # C0 but tab, newline and escape, DEL
    "\x80-\x9f"  # C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi controls
    "\u206a-\u206f"  # mirroring and digit shape switches
    "\u2028\u2029"  # line and paragraph separators
    "\u180e\u200b\u2060-\u2065\ufeff\ufff9-\ufffb"  # invisible
    "\u115f\u1160\u3164\uffa0"  # invisible letters
    "\ud800-\udfff"  # lone surrogates
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # shorthand and musical format controls
    "\U000e0000-\U000e00ff"  # tag characters
)
_HOSTILE = re.compile(f"[\x1b{_HOSTILE_CHARACTERS}]")
_HOSTILE_OR_OTHER = re.compile(f"[{_HOSTILE_CHARACTERS}]|\x1b{_NOT_COLOUR}")


def sanitize(text: str) -> str:
    """Return `text` without escape sequences, each hostile character shown as U+FFFD.

    Tabs and newlines stay; CRLF and a lone CR become one newline, so that a progress bar shows
    every state it had instead of hiding what it overwrote.
    """
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _HOSTILE.search(text) is None:
        return text
    if "\x1b" in text:
        text = _ESCAPE_SEQUENCE.sub("", text)
    return _HOSTILE.sub(REPLACEMENT, text)


def sanitize_bytes(data: bytes) -> bytes:
    """Return `data` as clean UTF-8; the same object when it was plain ASCII text already.

    Invalid UTF-8 becomes U+FFFD. Meant for whole lines: an escape sequence or a character cut in
    two by a chunk border cannot be recognised.
    """
    if not data.translate(None, _HARMLESS_BYTES):
        return data
    return sanitize(data.decode("utf-8", "replace")).encode()


def sanitize_coloured(data: bytes) -> bytes:
    """Do what `sanitize_bytes` does, but leave sequences that only colour (SGR) where they are."""
    if not data.translate(None, _HARMLESS_BYTES):
        return data
    if b"\x1b" not in data:
        return sanitize_bytes(data)
    text = data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n")
    return _HOSTILE_OR_OTHER.sub(REPLACEMENT, _OTHER_SEQUENCE.sub("", text)).encode()


def one_line(text: str, limit: int = 200) -> str:
    """Return `text` sanitized, on one line, white space folded, cut to `limit` characters.

    Only the first `limit * 8` characters after leading white space are looked at.
    """
    head = text.lstrip()
    looked_at = head[: limit * 8]
    folded = " ".join(sanitize(looked_at).split())
    if len(folded) <= limit and len(looked_at) == len(head):
        return folded
    return folded[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"
