"""A terminal that stops reading holds up the picture, and nothing else."""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.terminal import open_terminal

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = str(Path(__file__).resolve().parents[2])
PATIENCE = 60.0
BEATS = 300
LINE = re.compile(rb"line (\d+) of many")


def wait_unread(is_done: Callable[[], bool]) -> None:
    """Wait without taking a byte from the terminal; fails when nothing comes of it."""
    until = time.monotonic() + PATIENCE
    while not is_done():
        assert time.monotonic() < until, "the core stands still while the terminal does"
        time.sleep(0.02)


def test_the_core_beats_while_nobody_reads_and_the_newest_line_is_shown_after(
    tmp_path: Path,
) -> None:
    status = tmp_path / "status.json"

    def told(name: str) -> int:
        return int(json.loads(status.read_text())[name]) if status.exists() else 0

    arguments = [sys.executable, "-m", "tests.tui.stalled_screen", str(tmp_path)]
    with open_terminal(arguments, {"HOME": str(tmp_path)}, ROOT) as terminal:
        terminal.kept = bytearray()
        terminal.read_until(lambda: terminal.shows(" of many words"), PATIENCE)
        wait_unread(lambda: told("skipped") > 0)
        first = told("beats")
        wait_unread(lambda: told("beats") >= first + BEATS)
        before = max(int(number) for number in LINE.findall(bytes(terminal.kept)))
        terminal.kept.clear()

        def newest() -> int:
            return max((int(n) for n in LINE.findall(bytes(terminal.kept or b""))), default=0)

        terminal.read_until(lambda: newest() > before + 100, PATIENCE)
        terminal.press("q")
        terminal.read_until(lambda: terminal.shows("Leave"), PATIENCE)
