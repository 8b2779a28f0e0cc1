"""Words for a person: one line for a tool call, bounded text for its result, money and time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.agents.jsonfields import text
from fleet_tui.model.text import one_line, sanitize

if TYPE_CHECKING:
    from fleet_tui.agents.jsonfields import JsonObject

MAX_RESULT_CHARACTERS = 256 * 1024
"""What an event carries of one tool result; the whole of it is in the run's raw output."""

MAX_RAW_CHARACTERS = 2_000
"""What an event carries of a line that could not be read."""

_PATH_KEYS = ("file_path", "notebook_path", "path")
_MAIN_KEYS = ("command", "pattern", "url", "query", "description", "prompt", "skill", "text")


def tool_summary(name: str, arguments: JsonObject, cwd: str = "") -> str:
    """Return the call on one line: `Bash: npm test`, `Edit src/a.py`, or the name alone.

    A path below `cwd` is shown relative to it.
    """
    for key in ("pattern", *_PATH_KEYS) if name in ("Grep", "Glob") else _PATH_KEYS:
        if value := text(arguments, key):
            if cwd and value.startswith(cwd.rstrip("/") + "/"):
                value = value[len(cwd.rstrip("/")) + 1 :]
            return one_line(f"{name} {value}")
    for key in _MAIN_KEYS:
        if value := text(arguments, key):
            return one_line(f"{name}: {value[:2000]}")
    first = next((value for value in arguments.values() if isinstance(value, str) and value), "")
    return one_line(f"{name}: {first[:2000]}" if first else name)


def bounded(value: str, limit: int = MAX_RESULT_CHARACTERS) -> str:
    """Return `value` sanitized; beyond `limit` characters it says how many more there were."""
    if len(value) <= limit:
        return sanitize(value)
    return f"{sanitize(value[:limit])}\n… {len(value) - limit:,} more characters"


def raw_text(line: bytes) -> str:
    """Return a line that is no event, sanitized and bounded."""
    head = line[: MAX_RAW_CHARACTERS * 4].decode("utf-8", "replace")
    shown = sanitize(head)[:MAX_RAW_CHARACTERS].replace("\n", " ")
    more = len(line) - MAX_RAW_CHARACTERS
    return shown if len(shown) < MAX_RAW_CHARACTERS or more <= 0 else f"{shown}… ({more:,} bytes)"


def money(usd: float) -> str:
    """Return `usd` as people write it: cents, or four digits below ten cents."""
    return f"${usd:.4f}" if 0 < usd < 0.1 else f"${usd:.2f}"


def plural(count: int, noun: str) -> str:
    """Return `1 turn`, `2 turns`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def duration(seconds: float) -> str:
    """Return `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
