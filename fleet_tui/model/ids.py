"""Identifiers that sort by time: a kind, a dash, and a ULID (https://github.com/ulid/spec)."""

from __future__ import annotations

import re

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_SESSION = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_-]{7,99}$")
ID_PATTERN = re.compile(r"^[a-z]{1,3}-[0-9A-HJKMNP-TV-Z]{26}$")


def ulid(milliseconds: int, randomness: int) -> str:
    """Return 26 characters: 48 bits of Unix time in milliseconds, 80 bits of `randomness`."""
    value = (milliseconds << 80) | (randomness & ((1 << 80) - 1))
    return "".join(_CROCKFORD[(value >> shift) & 31] for shift in range(125, -1, -5))


def short(identifier: str) -> str:
    """Return what a person reads out: the kind and the last six characters (`r-4QZ8M1`)."""
    kind, _, rest = identifier.partition("-")
    return f"{kind}-{rest[-6:]}" if rest else identifier[-6:]


def is_session(name: str) -> bool:
    """Tell whether this can be an agent's session id: safe as a file's name and as a word."""
    return _SESSION.match(name) is not None
