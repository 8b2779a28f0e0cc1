"""The files of one log: `fleet.log` and, older, `fleet.log.1`, `fleet.log.2`, … in that order."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def rotated_files(path: Path) -> list[Path]:
    """Return the full files of the log at `path`, oldest first (the highest number is newest)."""
    prefix = f"{path.name}."
    try:
        names = os.listdir(path.parent)
    except FileNotFoundError:
        return []
    numbers = [
        int(name.removeprefix(prefix))
        for name in names
        if name.startswith(prefix) and name.removeprefix(prefix).isdecimal()
    ]
    return [path.with_name(f"{prefix}{number}") for number in sorted(numbers)]


def next_rotated(path: Path) -> Path:
    """Return the name that the current file gets when it is full."""
    files = rotated_files(path)
    newest = int(files[-1].name.rpartition(".")[2]) if files else 0
    return path.with_name(f"{path.name}.{newest + 1}")


def open_all(path: Path, *, newest: int | None = None) -> list[tuple[Path, BinaryIO]]:
    """Open the log's files for reading, oldest first, as they stood at one moment.

    `newest` limits the rotated ones to that many. Missing files are left out; the caller closes.
    """
    while True:
        rotated = rotated_files(path)
        chosen: Sequence[Path] = rotated if newest is None else rotated[len(rotated) - newest :]
        if newest is not None and newest >= len(rotated):
            chosen = rotated
        opened: list[tuple[Path, BinaryIO]] = []
        for file in (*chosen, path):
            try:
                opened.append((file, open(file, "rb")))  # noqa: SIM115
            except FileNotFoundError:
                continue
            except OSError:
                close_all(opened)
                raise
        if rotated_files(path) == rotated:
            return opened
        close_all(opened)


def close_all(opened: Sequence[tuple[Path, BinaryIO]]) -> None:
    """Close what `open_all` opened."""
    for _, stream in opened:
        stream.close()
