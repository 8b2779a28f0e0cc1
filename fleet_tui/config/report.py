"""Problems found while a configuration is read, collected until all are known."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from fleet_tui.config.secrets import looks_secret
from fleet_tui.model.errors import ConfigError, Problem
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from fleet_tui.config.lines import KeyPath, LineIndex

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_MAX_SHOWN = 60
_HUGE = 10**15


class Report:
    """Takes problems by key path and gives them out in file order."""

    def __init__(self, file: str, lines: LineIndex) -> None:
        self._file = file
        self._lines = lines
        self._problems: list[Problem] = []
        self._settled: set[KeyPath] = set()

    def settle(self, path: KeyPath, found: str, allowed: str) -> None:
        """Note a problem beside which nothing else at `path` is worth telling."""
        self.add(path, found, allowed)
        self._settled.add(path)

    def add(self, path: KeyPath, found: str, allowed: str) -> None:
        """Note that what stands at `path` is wrong, and what would be right."""
        if path not in self._settled:
            line = self._lines.of(path)
            self._problems.append(Problem(self._file, line, show_path(path), found, allowed))

    def raise_if_any(self) -> None:
        """Raise ConfigError with everything noted so far, ordered by line."""
        if self._problems:
            ordered = sorted(self._problems, key=lambda problem: problem.line or 0)
            raise ConfigError(tuple(dict.fromkeys(ordered)))


def show_path(path: KeyPath) -> str:
    """Write a path as a person would: `host[2].env.LANG`; list positions count from 1."""
    shown = ""
    for key in path:
        if isinstance(key, int):
            shown += f"[{key + 1}]"
        else:
            text = key if _BARE_KEY.fullmatch(key) else f'"{one_line(key, _MAX_SHOWN)}"'
            shown += f".{text}" if shown else text
    return shown


def show(value: object) -> str:
    """Write a value short and safe to print; a secret is never repeated."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        if looks_secret(value):
            return "a secret"
        return f'"{one_line(value, _MAX_SHOWN)}"' if value else "an empty text"
    if isinstance(value, int | float):
        return "a huge number" if math.inf > abs(value) > _HUGE else str(value)
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a table"
    return one_line(str(value), _MAX_SHOWN)
