"""A plan for the composer: from a file of this machine, or from its clipboard."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.model.text import sanitize
from fleet_tui.tui.clipboard_programs import READERS, first_usable
from fleet_tui.tui.requests import DraftProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_BYTES = 256 * 1024
PATIENCE = 5.0
"""Seconds a clipboard program may take."""


def read_file(path: str) -> str:
    """Return the clean text of a file; raises DraftProblem."""
    place = Path(path.strip()).expanduser()
    try:
        with open(place, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise DraftProblem(f"{place} is no file")
            return _clean(file.read(MOST_BYTES + 1), str(place))
    except OSError as error:
        raise DraftProblem(f"{place}: {error.strerror or error}") from error


def read_clipboard(environment: Mapping[str, str]) -> str:
    """Return the clean text of this machine's clipboard; raises DraftProblem. Blocks."""
    command = first_usable(READERS, environment)
    if command is None:
        raise DraftProblem("No program here reads the clipboard; paste into the prompt instead.")
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
            env=dict(environment),
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DraftProblem(f"{command[0]} did not answer: {error}") from error
    if done.returncode != 0:
        raise DraftProblem(f"{command[0]} ended with {done.returncode}; is the clipboard empty?")
    return _clean(done.stdout, "the clipboard")


def _clean(data: bytes, source: str) -> str:
    if len(data) > MOST_BYTES:
        raise DraftProblem(f"{source} is larger than {MOST_BYTES // 1024} kB; name it as stdin.")
    if b"\0" in data:
        raise DraftProblem(f"{source} is no text.")
    text = sanitize(data.decode("utf-8", "replace")).strip("\n")
    if not text.strip():
        raise DraftProblem(f"{source} is empty.")
    return text


def _without_waiting(path: str, flags: int) -> int:
    """Open without waiting for a writer, which a named pipe would."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
