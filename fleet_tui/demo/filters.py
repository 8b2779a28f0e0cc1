"""The commands that stand behind a pipe: each takes bytes as they come and gives bytes back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MEMORY = 4 << 20
"""What a filter that needs its whole input keeps, in bytes."""


class Filter(Protocol):
    """One stage of a pipe."""

    status: int
    """Its exit status, right after `finish`."""
    is_done: bool
    """True when it wants no more input."""

    def feed(self, data: bytes) -> bytes:
        """Take input, return output."""

    def finish(self) -> bytes:
        """Take the end of input, return the last output."""


class Lines:
    """A filter that looks at one line after the other."""

    def __init__(self) -> None:
        self.status = 0
        self.is_done = False
        self._rest = b""

    def feed(self, data: bytes) -> bytes:
        """Take input, return output."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return b"".join(self._line(line) for line in lines if not self.is_done)

    def finish(self) -> bytes:
        """Take the end of input, return the last output."""
        out = self._line(self._rest) if self._rest and not self.is_done else b""
        return out + self._end()

    def _line(self, line: bytes) -> bytes:
        return line + b"\n"

    def _end(self) -> bytes:
        return b""


class Head(Lines):
    """`head -n N`."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self._left = count
        self.is_done = count <= 0

    def _line(self, line: bytes) -> bytes:
        self._left -= 1
        self.is_done = self._left <= 0
        return line + b"\n"


class Grep(Lines):
    """`grep [-i] [-v] [-c] [-q] PATTERN`."""

    def __init__(self, pattern: re.Pattern[bytes], flags: str) -> None:
        super().__init__()
        self._pattern = pattern
        self._is_inverted = "v" in flags
        self._is_count = "c" in flags
        self._is_quiet = "q" in flags
        self._hits = 0
        self.status = 1

    def _line(self, line: bytes) -> bytes:
        if bool(self._pattern.search(line)) is self._is_inverted:
            return b""
        self._hits += 1
        self.status = 0
        return b"" if self._is_count or self._is_quiet else line + b"\n"

    def _end(self) -> bytes:
        return b"%d\n" % self._hits if self._is_count else b""


class Unique(Lines):
    """`uniq [-c]`."""

    def __init__(self, counts: bool) -> None:
        super().__init__()
        self._counts = counts
        self._last: bytes | None = None
        self._seen = 0

    def _line(self, line: bytes) -> bytes:
        if line == self._last:
            self._seen += 1
            return b""
        out = self._end()
        self._last, self._seen = line, 1
        return out

    def _end(self) -> bytes:
        if self._last is None:
            return b""
        return (b"%7d " % self._seen if self._counts else b"") + self._last + b"\n"


class Whole:
    """A filter that answers once it has seen all its input."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self.status = 0
        self.is_done = False
        self._answer = answer
        self._data = b""

    def feed(self, data: bytes) -> bytes:
        """Take input; beyond a few megabytes only the end is kept."""
        self._data = (self._data + data)[-_MEMORY:]
        return b""

    def finish(self) -> bytes:
        """Return the answer."""
        return self._answer(self._data)


class BadArguments(Exception):
    """Arguments a filter does not know; the text is its complaint."""


def _split(argv: Sequence[str], valued: str = "") -> tuple[str, dict[str, str], list[str]]:
    """Return the one-letter switches, the switches with a value, and the words."""
    switches, values, words = "", {}, list[str]()
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or word == "-":
            words.append(word)
        elif valued and word[1] in valued:
            values[word[1]] = word[2:] or (rest.pop(0) if rest else "")
        elif valued and word[1:].isdecimal():
            values["n"] = word[1:]
        else:
            switches += word[1:]
    return switches, values, words


def _number(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise BadArguments(f"{name}: invalid number: '{text}'") from None


def _wc(switches: str) -> Callable[[bytes], bytes]:
    def answer(data: bytes) -> bytes:
        counts = {"l": data.count(b"\n"), "w": len(data.split()), "c": len(data)}
        shown = [str(counts[key]) for key in "lwc" if key in switches or not switches]
        text = shown[0] if len(shown) == 1 else "".join(f"{number:>8}" for number in shown)
        return text.encode() + b"\n"

    return answer


def _sorted(switches: str) -> Callable[[bytes], bytes]:
    def numeric(line: bytes) -> tuple[float, bytes]:
        match = re.match(rb"\s*(-?\d+(?:\.\d+)?)", line)
        return (float(match[1]) if match else 0.0, line)

    def answer(data: bytes) -> bytes:
        lines = data.splitlines()
        if "u" in switches:
            lines = list(dict.fromkeys(lines))
        lines.sort(key=numeric if "n" in switches else None, reverse="r" in switches)
        return b"".join(line + b"\n" for line in lines)

    return answer


def _tail(count: int) -> Callable[[bytes], bytes]:
    def answer(data: bytes) -> bytes:
        lines = data.splitlines()[-count:] if count > 0 else []
        return b"".join(line + b"\n" for line in lines)

    return answer


FILTERS = frozenset({"cat", "grep", "head", "sort", "tail", "uniq", "wc"})


def make_filter(argv: Sequence[str]) -> tuple[Filter, list[str]]:
    """Return the filter that `argv` names, and the files it should read instead of its input.

    Raises BadArguments, and KeyError for a command that is no filter.
    """
    name = argv[0]
    if name == "grep":
        switches, _, words = _split(argv[1:])
        if not words:
            raise BadArguments("Usage: grep [OPTION]... PATTERNS [FILE]...")
        try:
            flags = re.IGNORECASE if "i" in switches else 0
            pattern = re.compile(words[0].encode(), flags)
        except re.error:
            raise BadArguments(f"grep: invalid pattern '{words[0]}'") from None
        return Grep(pattern, switches), words[1:]
    if name in ("head", "tail"):
        _, values, words = _split(argv[1:], "n")
        count = _number(values.get("n", "10"), name)
        return (Head(count) if name == "head" else Whole(_tail(count))), words
    switches, _, words = _split(argv[1:])
    makers: dict[str, Callable[[], Filter]] = {
        "cat": lambda: Passing(),
        "sort": lambda: Whole(_sorted(switches)),
        "uniq": lambda: Unique("c" in switches),
        "wc": lambda: Whole(_wc(switches)),
    }
    return makers[name](), words


class Passing:
    """`cat`."""

    def __init__(self) -> None:
        self.status = 0
        self.is_done = False

    def feed(self, data: bytes) -> bytes:
        """Return what came."""
        return data

    def finish(self) -> bytes:
        """Return nothing more."""
        return b""
