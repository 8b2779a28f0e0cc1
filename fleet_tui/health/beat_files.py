"""Heartbeats of this machine that belong to no queue: mirror pulls and daemons, one file each.

A file that another tool wrote (`date > name`) is read too: any change of it is a beat.
"""

from __future__ import annotations

import json
import os
import re
from hashlib import sha256
from typing import TYPE_CHECKING

from fleet_tui.model.task import Beat
from fleet_tui.model.text import one_line, sanitize

if TYPE_CHECKING:
    from pathlib import Path

MAX_BYTES = 16_384
_UNFIT = re.compile(r"[^A-Za-z0-9._@-]")


def show(folder: Path, beat: Beat) -> None:
    """Write a heartbeat. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / file_name(beat.name)
    partial = folder / f".{path.name}.{os.getpid()}"
    fields = {
        "counter": beat.counter,
        "name": beat.name,
        "host": beat.host,
        "kind": beat.kind,
        "word": beat.word,
        "doing": list(beat.doing),
    }
    partial.write_text(json.dumps(fields) + "\n", encoding="utf-8")
    partial.replace(path)


def end(folder: Path, name: str) -> None:
    """Remove a heartbeat, because its owner ended on purpose. Raises OSError."""
    (folder / file_name(name)).unlink(missing_ok=True)


def file_name(name: str) -> str:
    """Return a file name for any heartbeat's name; different names never share one."""
    fit = _UNFIT.sub("_", name)[:100].lstrip(".") or "_"
    return fit if fit == name else f"{fit}.{sha256(name.encode()).hexdigest()[:8]}"


def read(folder: Path) -> list[Beat]:
    """Return all heartbeats of the folder, none when there is no folder. Raises OSError."""
    try:
        entries = sorted(folder.iterdir())
    except FileNotFoundError:
        return []
    return [_read(path) for path in entries if not path.name.startswith(".") and path.is_file()]


def _read(path: Path) -> Beat:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES)
            stamp = os.fstat(file.fileno()).st_mtime_ns
    except OSError as error:
        return Beat(one_line(path.name), "unreadable", word=f"cannot be read: {error.strerror}")
    counter = f"{stamp}.{sha256(data).hexdigest()[:12]}"
    try:
        fields = json.loads(data)
        return Beat(
            name=one_line(str(fields["name"])),
            counter=counter,
            host=one_line(str(fields["host"])),
            kind=one_line(str(fields["kind"]), 40),
            word=one_line(str(fields["word"]), 500),
            doing=tuple(one_line(str(name)) for name in fields["doing"]),
        )
    except (ValueError, KeyError, TypeError):
        word = one_line(sanitize(data.decode("utf-8", "replace")), 500)
        return Beat(one_line(path.name), counter, kind="other", word=word, is_foreign=True)
