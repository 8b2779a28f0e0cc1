r"""The line format of the audit log, both ways.

`<ISO time, µs, with offset>␠␠<event>␠␠key=value key=value … n=<number> prev=<hash>`

A value is a number, `null`, a bare word, or a JSON string in which every character that is not
printable (controls, escape, bidi, invisible, unassigned) stands as `\uXXXX`: no value can end the
line, begin another, or act on a terminal. `prev` is the first 128 bits, in 32 hex digits, of the
SHA-256 of the line before without its newline; it is all zeros in the first line ever written.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fleet_tui.journal.entry import LogLine
from fleet_tui.model.text import sanitize

if TYPE_CHECKING:
    from fleet_tui.journal.entry import FieldValue, LogEntry

HASH_DIGITS = 32
GENESIS = "0" * HASH_DIGITS
"""`prev` of the first line of all."""

CHAIN_MARK = re.compile(rb" n=([0-9]{1,19}) prev=([0-9a-f]{32})$")
"""How every chained line ends."""

_BARE = re.compile(r"[A-Za-z0-9_./@%+~,:-]+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_CONSTANTS: dict[str, bool | None] = {"null": None, "true": True, "false": False}
_HEAD = re.compile(r"(\S+)  ([a-z][a-z0-9-]*)(?:  (.*))?", re.DOTALL)
_PAIR = re.compile(r'([A-Za-z][A-Za-z0-9_.-]*)=("(?:[^"\\]|\\.)*"|[^\s"]*)(?: +|$)')
_LOOSE_PAIR = re.compile(r"(?:^|  +)([A-Za-z][A-Za-z0-9_.-]*)=")


def line_hash(line: bytes) -> str:
    """Return the hash by which the next line refers to `line` (given without its newline)."""
    return hashlib.sha256(line).hexdigest()[:HASH_DIGITS]


def chain_mark(line: bytes) -> tuple[int, str] | None:
    """Return number and `prev` of a chained line, None for a line of another program."""
    found = CHAIN_MARK.search(line[-64:])
    return (int(found[1]), found[2].decode()) if found else None


def format_time(unix_time: float) -> str:
    """Return local ISO-8601 time with microseconds and offset."""
    moment = datetime.fromtimestamp(unix_time, tz=UTC).astimezone()
    return moment.isoformat(timespec="microseconds")


def format_line(entry: LogEntry, *, stamp: str, sequence: int, prev: str) -> bytes:
    """Return `entry` as a line without newline; `stamp` comes from `format_time`."""
    pairs = " ".join(f"{key}={format_value(value)}" for key, value in entry.fields.items())
    middle = f"{pairs} " if pairs else ""
    return f"{stamp}  {entry.event}  {middle}n={sequence} prev={prev}".encode()


def format_value(value: FieldValue) -> str:
    """Return one value as it stands after the `=`; a number that is not finite is `null`."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return repr(value) if math.isfinite(value) else "null"
    if _BARE.fullmatch(value) and not (_NUMBER.fullmatch(value) or value in _CONSTANTS):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return quoted if quoted.isprintable() else "".join(map(_shown, quoted))


def _shown(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else json.dumps(character)[1:-1]


def parse_line(data: bytes, *, number: int = 0, file: str = "") -> LogLine:
    """Return what a line (without newline) says; never fails.

    Lines of the one-line form of shell workers (`time  event  key=value  key=value`, values
    unquoted, pairs two spaces apart) are read too. A line in no known form has an empty event.
    Quoted values come back exactly as they were given: sanitize them before they are shown.
    """
    mark = chain_mark(data)
    text = data.decode("utf-8", "replace")
    raw = sanitize(text).replace("\n", " ")
    head = _HEAD.fullmatch(text)
    time = _parse_time(head[1]) if head else None
    if head is None or time is None:
        return LogLine("", {}, None, None, None, raw, number, file)
    rest = head[3] or ""
    if mark is not None:
        rest = rest[: rest.rindex("n=")]
    is_loose = mark is None and "  " in rest
    fields = None if is_loose else _parse_fields(rest)
    if fields is None:
        fields = _parse_loose(rest)
    sequence, prev = mark if mark else (None, None)
    return LogLine(head[2], fields, time, prev, sequence, raw, number, file)


def _parse_time(stamp: str) -> float | None:
    try:
        moment = datetime.fromisoformat(stamp)
    except (ValueError, OverflowError):
        return None
    return moment.timestamp() if moment.tzinfo else None


def _parse_fields(text: str) -> dict[str, FieldValue] | None:
    """Return the fields, or None when `text` is not in the quoted form."""
    fields: dict[str, FieldValue] = {}
    position = 0
    while position < len(text):
        pair = _PAIR.match(text, position)
        if pair is None:
            return None
        try:
            fields[pair[1]] = _parse_value(pair[2])
        except ValueError:
            return None
        position = pair.end()
    return fields


def _parse_value(word: str) -> FieldValue:
    if word.startswith('"'):
        decoded: str = json.loads(word)
        return decoded
    if word in _CONSTANTS:
        return _CONSTANTS[word]
    if _NUMBER.fullmatch(word):
        return float(word) if any(mark in word for mark in ".eE") else int(word)
    return word


def _parse_loose(text: str) -> dict[str, FieldValue]:
    """Read `key=value  key=value` where a value may hold spaces and is never quoted for us."""
    marks = list(_LOOSE_PAIR.finditer(text))
    ends = [mark.start() for mark in marks[1:]] + [len(text)] * bool(marks)
    return {
        mark[1]: sanitize(text[mark.end() : end].strip().strip('"')).replace("\n", " ")
        for mark, end in zip(marks, ends, strict=True)
    }
