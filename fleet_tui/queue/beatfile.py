"""Files of heartbeats: ours are one JSON object, other tools' are whatever `date` printed."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from fleet_tui.model.task import Beat
from fleet_tui.model.text import one_line

MAX_BEAT = 64 * 1024
_MARK = "fleet_beat"
_MANY = 200


def beat_file(name: str) -> str:
    """Return the file name for whoever beats."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".")[:120] or "nameless"


def write_beat(beat: Beat) -> bytes:
    """Return the bytes that say it."""
    return json.dumps(
        {
            _MARK: 1,
            "name": beat.name,
            "counter": beat.counter,
            "host": beat.host,
            "kind": beat.kind,
            "word": beat.word,
            "doing": list(beat.doing),
            "labels": list(beat.labels),
            "slots": beat.slots,
            "paused": beat.is_paused,
        }
    ).encode()


def read_beat(file: str, data: bytes | None, mtime_ns: int) -> Beat:
    """Return what a heartbeat's file says; any bytes do."""
    if data is None:
        return Beat(one_line(file), str(mtime_ns), word="cannot be read", is_foreign=True)
    try:
        table = json.loads(data)
    except ValueError:
        table = None
    if not isinstance(table, dict) or _MARK not in table:
        counter = f"{mtime_ns}-{hashlib.sha256(data).hexdigest()[:16]}"
        word = one_line(data.decode("utf-8", "replace"))
        name = one_line(file)
        return Beat(name, counter, host=name, kind="other", word=word, is_foreign=True)
    return Beat(
        _text(table, "name") or one_line(file),
        f"{_text(table, 'counter')}",
        host=_text(table, "host"),
        kind=_text(table, "kind") or "worker",
        word=_text(table, "word"),
        doing=_words(table, "doing"),
        labels=_words(table, "labels"),
        slots=slots if isinstance(slots := table.get("slots"), int) else 1,
        is_paused=table.get("paused") is True,
    )


def _text(table: dict[str, Any], key: str) -> str:
    value = table.get(key, "")
    return one_line(value) if isinstance(value, str) else ""


def _words(table: dict[str, Any], key: str) -> tuple[str, ...]:
    value = table.get(key)
    if not isinstance(value, list):
        return ()
    return tuple(one_line(word) for word in value[:_MANY] if isinstance(word, str))
