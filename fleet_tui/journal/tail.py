"""The end of the log, read from the end."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.journal.format import GENESIS, chain_mark, line_hash, parse_line
from fleet_tui.journal.rotation import rotated_files

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_tui.journal.entry import LogLine

_BLOCK = 1 << 16


@dataclass(frozen=True, slots=True)
class Tip:
    """Where the next line goes on from."""

    hash: str = GENESIS
    """Hash of the last line."""
    sequence: int = 0
    """Number of the last chained line; 0 when there is none."""


def lines_backwards(path: Path) -> Iterator[bytes]:
    """Yield the complete lines of one file without newlines, last first; none if it is missing."""
    try:
        stream = open(path, "rb")  # noqa: SIM115
    except FileNotFoundError:
        return
    with stream:
        position = stream.seek(0, os.SEEK_END)
        pieces: list[bytes] = []
        is_torn = True  # what stands after the last newline is not a line yet
        while position:
            size = min(_BLOCK, position)
            position -= size
            stream.seek(position)
            block = stream.read(size)
            if b"\n" not in block:
                pieces.append(block)
                continue
            first, *middle, last = block.split(b"\n")
            pieces.append(last)
            if not is_torn:
                yield b"".join(reversed(pieces))
            is_torn = False
            yield from reversed(middle)
            pieces = [first]
        if not is_torn:
            yield b"".join(reversed(pieces))


def find_tip(path: Path) -> Tip:
    """Return the tip of the log at `path`, looking into its older files where needed."""
    last_hash: str | None = None
    for file in (path, *reversed(rotated_files(path))):
        for line in lines_backwards(file):
            if last_hash is None:
                last_hash = line_hash(line)
            if (mark := chain_mark(line)) is not None:
                return Tip(last_hash, mark[0])
    return Tip(last_hash or GENESIS, 0)


def tip_after(tip: Tip, lines: list[bytes]) -> Tip:
    """Return the tip after `lines`, which follow those that `tip` stands for."""
    if not lines:
        return tip
    for line in reversed(lines):
        if (mark := chain_mark(line)) is not None:
            return Tip(line_hash(lines[-1]), mark[0])
    return Tip(line_hash(lines[-1]), tip.sequence)


def tail_lines(path: Path, count: int) -> list[LogLine]:
    """Return the last `count` lines of the log, oldest first, reading only the end of it."""
    found: list[LogLine] = []
    for file in (path, *reversed(rotated_files(path))):
        for line in lines_backwards(file):
            if len(found) >= count:
                break
            found.append(parse_line(line, file=str(file)))
        if len(found) >= count:
            break
    return found[::-1]
