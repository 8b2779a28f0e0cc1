"""What was known of heartbeats, kept over a restart: no episode is forgotten or told twice."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from fleet_tui.health.beats_book import Book, Pulse
from fleet_tui.model.beats_view import PulseState
from fleet_tui.model.task import Beat
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

VERSION = 1
_STATES = frozenset(get_args(PulseState))
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def boot_id() -> str:
    """Return what names this start of the machine; empty where the system does not tell.

    Monotonic times of two programs can be compared only within it.
    """
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""


def save(path: Path, books: Mapping[str, Book], at: float, boot: str) -> None:
    """Write the books of all watches, seen at monotonic time `at`. Raises OSError."""
    document = {
        "version": VERSION,
        "boot": boot,
        "monotonic": at,
        "watches": {
            watch: {name: _written(pulse) for name, pulse in book.pulses.items()}
            for watch, book in books.items()
        },
    }
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(json.dumps(document), encoding="utf-8")
        partial.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise


def load(path: Path, boot: str) -> tuple[dict[str, Book], float | None]:
    """Return the books and the monotonic time they were saved at; None when it means nothing now.

    A file that is missing or cannot be read is an empty beginning: a lost age, never a wrong one.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] != VERSION:
            return {}, None
        books = {
            str(watch): Book({name: _read(pulse) for name, pulse in pulses.items()})
            for watch, pulses in document["watches"].items()
        }
        same = boot and document["boot"] == boot
        return books, float(document["monotonic"]) if same else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}, None


def _written(pulse: Pulse) -> dict[str, Any]:
    fields = asdict(pulse)
    fields["silent"] = round(pulse.silent, 3)
    fields["history"] = [round(pause, 2) for pause in pulse.history]
    return fields


def _read(fields: Mapping[str, Any]) -> Pulse:
    beat = fields["beat"]
    state = fields["state"]
    if state not in _STATES:
        raise ValueError(state)
    since = fields["stale_since"]
    return Pulse(
        beat=Beat(
            name=str(beat["name"]),
            counter=str(beat["counter"]),
            host=one_line(str(beat["host"])),
            kind=one_line(str(beat["kind"])),
            word=one_line(str(beat["word"]), 500),
            doing=tuple(map(str, beat["doing"])),
            labels=tuple(map(str, beat["labels"])),
            slots=int(beat["slots"]),
            is_paused=bool(beat["is_paused"]),
            is_foreign=bool(beat["is_foreign"]),
        ),
        state=state,
        silent=float(fields["silent"]),
        silent_looks=int(fields["silent_looks"]),
        returned=int(fields["returned"]),
        history=tuple(map(float, fields["history"])),
        stale_since=None if since is None else float(since),
        episodes=int(fields["episodes"]),
        was_told=bool(fields["was_told"]),
    )
