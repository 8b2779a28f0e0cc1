"""What the screen keeps between starts: theme, layout, and the lines typed after `:`."""

from __future__ import annotations

import contextlib
import os
import tomllib
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from fleet_tui.tui.safe import clean, short

if TYPE_CHECKING:
    from pathlib import Path

MOST_LINES = 200
LONGEST_LINE = 1_000
MAX_BYTES = 1_000_000


@dataclass(slots=True)
class Remembered:
    """One start's end is the next one's beginning."""

    theme: str = ""
    """Empty until the operator has chosen one."""
    pane: str = "hosts"
    is_zoomed: bool = False
    hosts_by: str = ""
    """What the rows of the hosts are grouped by; empty leaves them as fleet.toml has them."""
    history: list[str] = field(default_factory=list)
    """Command lines, oldest first, each once."""

    def add_line(self, line: str) -> None:
        """Remember a command line as the newest."""
        line = clean(line)[:LONGEST_LINE]
        if line in self.history:
            self.history.remove(line)
        self.history.append(line)
        del self.history[:-MOST_LINES]


class Memory:
    """What is kept in the file at `path`; without a path nothing is."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.kept, self.problem = Remembered(), ""
        """`problem` is why the file could not be read, later why it could not be written."""
        if path is not None:
            self.kept, self.problem = load(path)

    def save(self) -> None:
        """Write the file; what is in the way becomes the problem."""
        self.problem = ""
        try:
            if self._path is not None:
                save(self._path, self.kept)
        except OSError as error:
            self.problem = f"{self._path}: cannot be written: {error.strerror or error}"


def load(path: Path) -> tuple[Remembered, str]:
    """Return what was kept, and what is wrong with the file.

    A file that cannot be understood is set aside beside itself, never lost.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        return _understood(data), ""
    except FileNotFoundError:
        return Remembered(), ""
    except OSError as error:
        return Remembered(), f"{path}: cannot be read: {error.strerror or error}"
    except ValueError as error:
        return Remembered(), _set_aside(path, short(str(error)))


def save(path: Path, kept: Remembered) -> None:
    """Write the file whole or not at all; what another screen typed meanwhile stays in it.

    Raises OSError.
    """
    others, _ = load(path)
    for line in others.history:
        if line not in kept.history:
            kept.history.insert(0, line)
    del kept.history[:-MOST_LINES]
    import tomli_w

    document = {entry.name: getattr(kept, entry.name) for entry in fields(kept)}
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.touch(mode=0o600)
        temporary.write_bytes(tomli_w.dumps(document).encode())
        temporary.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _understood(data: bytes) -> Remembered:
    if len(data) > MAX_BYTES:
        raise ValueError("larger than anything the screen writes")
    document: dict[str, Any] = tomllib.loads(data.decode("utf-8"))
    plain = Remembered()
    for entry in fields(plain):
        value = document.get(entry.name, getattr(plain, entry.name))
        if type(value) is not type(getattr(plain, entry.name)):
            raise ValueError(f"{entry.name}: {short(repr(value), 40)} is of another kind")
        setattr(plain, entry.name, value)
    lines, plain.history = plain.history, []
    for line in lines:
        plain.add_line(str(line))
    return plain


def _set_aside(path: Path, reason: str) -> str:
    number = 1
    while (aside := path.with_name(f"{path.name}.broken-{number}")).exists():
        number += 1
    try:
        path.rename(aside)
    except OSError as error:
        return f"{path}: {reason}; it cannot be set aside: {error.strerror or error}"
    return f"{path}: {reason}; set aside as {aside.name}, the screen begins anew"
