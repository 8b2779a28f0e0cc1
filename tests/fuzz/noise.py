"""Random byte strings, with what terminals and markup act on more often than chance has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

SPICE = (
    b"\x1b[", b"\x1b]0;", b"\x1b]52;c;aGk=\x07", b"\x1b[2J", b"\x1b[31m", b"\x1b[?1049l", b"\x1bP",
    b"\x1b\\", b"\x1bc", b"\x9b", b"\xc2\x9b", b"\xc2\x85", b"\xc2\x9d0;x\xc2\x9c", b"\x07",
    b"\x08", b"\r", b"\n", b"\t", b"\x00", b"\x7f", b"\xe2\x80\xae", b"\xe2\x81\xa6",
    b"\xe2\x80\x8b", b"\xef\xbb\xbf", b"\xf3\xa0\x81\x81", b"\xed\xa0\x80", b"[/]", b"[/foo]",
    b"[bold", b"[@click=app.quit]x[/]", b"\xe5\x85\xa8", b"e\xcc\x81", b"$0.01", b"12m", b"# ",
    b"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x9a\x80", b"```", b"|-", b"](", b"&#27;", b"&#x202e;",
)  # fmt: skip
LONGEST = 120


def noise(chance: random.Random) -> bytes:
    """Return one random byte string."""
    parts: list[bytes] = []
    size = 0
    most = chance.choice((0, 4, 20, 60, LONGEST))
    while size < most:
        part = chance.choice(SPICE) if chance.random() < 0.4 else chance.randbytes(3)
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def as_text(data: bytes, chance: random.Random) -> str:
    """Return the bytes as text in one of the ways in which a program may have taken them in."""
    encoding, errors = chance.choice(
        (("utf-8", "replace"), ("utf-8", "surrogateescape"), ("latin-1", "strict"))
    )
    return data.decode(encoding, errors)
