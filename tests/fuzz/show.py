"""Shows noise on a real terminal's end of a pty, and looks at every byte that comes out."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.terminal import open_terminal
from tests.fuzz.options import Task
from tests.support.terminal_bytes import foreign

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = str(Path(__file__).resolve().parents[2])


@dataclass(frozen=True, slots=True)
class Shown:
    """What came of it."""

    strings: int
    rounds: int
    written: int
    """Bytes that reached the terminal."""
    foreign: tuple[bytes, ...]
    """What of them was not ours."""
    last_words: str
    """The end of what was written, for when it did not come to its end."""


def show(strings: int, seed: int, folder: Path, seconds: float) -> Shown:
    """Show so many byte strings; gives up after `seconds`."""
    task = Task(strings, seed, folder / "answer.json")
    arguments: Sequence[str] = [sys.executable, "-m", "tests.fuzz.stage", task.to_json()]
    environment: Mapping[str, str] = {"HOME": str(folder), "PYTHONPATH": ROOT}
    written = bytearray()
    with open_terminal(arguments, environment, str(folder)) as terminal:
        terminal.kept = written
        terminal.read_until(lambda: terminal.is_over, seconds)
    data = bytes(written)
    answer = json.loads(task.answer.read_text()) if task.answer.exists() else {}
    return Shown(
        answer.get("strings", 0),
        answer.get("rounds", 0),
        len(data),
        tuple(foreign(data)),
        data[-2_000:].decode("utf-8", "replace"),
    )
