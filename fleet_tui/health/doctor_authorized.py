"""Entries of authorized_keys (sshd(8), AUTHORIZED_KEYS FILE FORMAT)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from fleet_tui.model.text import one_line
from fleet_tui.transport.known_hosts import fingerprint

_KEY_TYPE = re.compile(r"(?:ssh-|ecdsa-sha2-|sk-)[\w@.-]+$")
_OPTIONS = re.compile(r'(?:[^\s"]|"(?:[^"\\]|\\.)*")+')
_OPTION_NAME = re.compile(r'([A-Za-z0-9-]+)(?:="(?:[^"\\]|\\.)*"|=[^,]*)?(?:,|$)')


@dataclass(frozen=True, slots=True)
class AuthorizedEntry:
    """One key that may log in."""

    file: str
    line: int
    kind: str
    fingerprint: str
    options: frozenset[str] = frozenset()
    """Option names in lower case, without their values."""
    comment: str = ""
    tail: str = ""
    """The last characters of the key, enough for a person to recognise it."""

    @property
    def is_confined(self) -> bool:
        """True when it may do less than its owner could at the keyboard."""
        return bool(self.options & {"restrict", "command"})


def parse_entry(file: str, number: int, text: str) -> AuthorizedEntry | None:
    """Return the entry in one line; None for a comment, an authority, or no entry at all."""
    text = text.strip()
    if not text or text.startswith("#"):
        return None
    options = ""
    if not _KEY_TYPE.match(text.split(None, 1)[0]):
        found = _OPTIONS.match(text)
        if found is None:
            return None
        options, text = found[0], text[found.end() :].strip()
    words = text.split(None, 2)
    if len(words) < 2 or not _KEY_TYPE.match(words[0]):
        return None
    names = frozenset(match[1].lower() for match in _OPTION_NAME.finditer(options))
    if "cert-authority" in names:
        return None
    try:
        blob = base64.b64decode(words[1], validate=True)
    except (binascii.Error, ValueError):
        return None
    comment = one_line(words[2], 60) if len(words) > 2 else ""
    kind, tail = one_line(words[0], 60), one_line(words[1][-8:])
    return AuthorizedEntry(file, number, kind, fingerprint(blob), names, comment, tail)
