"""How the command line writes: lines for people, one JSON object a line for programs."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from typing import Any

from fleet_tui.model.text import one_line, sanitize


def iso_time(unix_seconds: float) -> str:
    """Return local time with offset, as ISO 8601 with microseconds."""
    return datetime.fromtimestamp(unix_seconds).astimezone().isoformat(timespec="microseconds")


def say(text: str = "") -> None:
    """Write one line for a person to standard output."""
    sys.stdout.write(sanitize(text) + "\n")


def complain(text: str) -> None:
    """Write one line to standard error."""
    sys.stderr.write(f"fleet-tui: {one_line(text, 2000)}\n")
    sys.stderr.flush()


def bug_line(bug: BaseException) -> str:
    """Return what a person is told of an exception that nobody expected."""
    return one_line(f"unexpected {type(bug).__name__}: {bug} (a bug; run again with --debug)", 2000)


def emit(event: str, unix_seconds: float, **about: Any) -> None:
    """Write one JSON object; non-ASCII is escaped, so no control character gets through."""
    document = {"event": event, "time": iso_time(unix_seconds), **about}
    sys.stdout.write(json.dumps(document, ensure_ascii=True) + "\n")
    sys.stdout.flush()


def table(rows: list[tuple[str, ...]], head: tuple[str, ...]) -> None:
    """Write rows as aligned columns under a head."""
    from rich.cells import cell_len

    shown = [head, *[tuple(one_line(cell, 120) for cell in row) for row in rows]]
    widths = [max(cell_len(row[i]) for row in shown) for i in range(len(head))]
    for row in shown:
        cells = (
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        )
        say("  ".join(cells).rstrip())


def ago(seconds: float) -> str:
    """Return a short age: `4s`, `12m`, `3h`, `5d`."""
    if seconds < 0:
        return "0s"
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{int(seconds)}s"
