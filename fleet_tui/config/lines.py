"""Where each key of a TOML document stands, which `tomllib` does not tell.

The scanner reads text that `tomllib` has already accepted (https://toml.io/en/v1.0.0), so it looks
only for borders: headers, keys, and the ends of values.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

KeyPath = tuple[str | int, ...]
"""Table names, keys and list positions (from 0), outermost first."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BARE_VALUE = re.compile(r"[^,\]}#\r\n]*")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"""(?:"{1,2}(?!"))?'
    r"|'''.*?'''(?:'{1,2}(?!'))?"
    r'|"(?:\\.|[^"\\])*"'
    r"|'[^']*'",
    re.DOTALL,
)
_ESCAPE = re.compile(r'\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[btnfre"\\])')
_ESCAPED = {
    "b": "\b",
    "t": "\t",
    "n": "\n",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    '"': '"',
    "\\": "\\",
}


class LineIndex:
    """Line numbers, from 1, of everything a document names."""

    def __init__(self, lines: Mapping[KeyPath, int]) -> None:
        self._lines = lines

    def exact(self, path: KeyPath) -> int | None:
        """Return the line of `path` itself."""
        return self._lines.get(path)

    def of(self, path: KeyPath) -> int | None:
        """Return the line of `path`, else that of the nearest thing around it, else None."""
        for length in range(len(path), 0, -1):
            line = self._lines.get(path[:length])
            if line is not None:
                return line
        return None


def locate(text: str) -> LineIndex:
    """Index a document that `tomllib` accepts; of a table named twice, its first mention counts."""
    return LineIndex(_Scanner(text).scan())


class _Scanner:
    """One pass over a document."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted_to = 0
        self._lines: dict[KeyPath, int] = {}
        self._entries: dict[KeyPath, int] = {}
        """How many `[[entries]]` each list of tables has so far."""

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._assignment(table)
            self._skip(_BLANK)
        return self._lines

    def _header(self) -> KeyPath:
        is_entry = self._text.startswith("[[", self._at)
        self._at += 2 if is_entry else 1
        keys = self._keys()
        self._at += 2 if is_entry else 1
        path: KeyPath = ()
        for depth, key in enumerate(keys):
            path = (*path, key)
            self._note(path)
            if is_entry and depth == len(keys) - 1:
                self._entries[path] = self._entries.get(path, 0) + 1
            if path in self._entries:
                path = (*path, self._entries[path] - 1)
                self._note(path)
        return path

    def _assignment(self, table: KeyPath) -> None:
        path = table
        for key in self._keys():
            path = (*path, key)
            self._note(path)
        self._at += 1  # "="
        self._skip(_SPACE)
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        char = self._text[self._at]
        if char in "\"'":
            self._skip(_STRING)
        elif char == "[":
            self._list(path)
        elif char == "{":
            self._inline_table(path)
        else:
            self._skip(_BARE_VALUE)

    def _list(self, path: KeyPath) -> None:
        self._at += 1
        position = 0
        while True:
            self._skip(_BLANK)
            if self._text[self._at] == "]":
                break
            if self._text[self._at] == ",":
                self._at += 1
                continue
            self._note((*path, position))
            self._value((*path, position))
            position += 1
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while True:
            self._skip(_BLANK)
            if self._text[self._at] == "}":
                break
            if self._text[self._at] == ",":
                self._at += 1
                continue
            self._assignment(path)
        self._at += 1

    def _keys(self) -> list[str]:
        """Read a dotted key, up to the character that is not part of it."""
        keys = []
        while True:
            self._skip(_SPACE)
            quoted = self._text[self._at] in "\"'"
            start = self._at
            self._skip(_STRING if quoted else _BARE_KEY)
            word = self._text[start : self._at]
            keys.append(_unquote(word) if quoted else word)
            self._skip(_SPACE)
            if self._text[self._at] != ".":
                return keys
            self._at += 1

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        self._at = match.end() if match else self._at

    def _note(self, path: KeyPath) -> None:
        self._line += self._text.count("\n", self._counted_to, self._at)
        self._counted_to = self._at
        self._lines.setdefault(path, self._line)


def _unquote(word: str) -> str:
    inside = word[1:-1]
    if word[0] == "'":
        return inside
    return _ESCAPE.sub(_unescape, inside)


def _unescape(match: re.Match[str]) -> str:
    code = match[1]
    return _ESCAPED[code] if code in _ESCAPED else chr(int(code[1:], 16))
