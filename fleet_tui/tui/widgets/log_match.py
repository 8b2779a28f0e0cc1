"""What the operator looks for in output: a text, or `re:` and a regular expression."""

from __future__ import annotations

import threading
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Protocol

from textual.cache import LRUCache

from fleet_tui.tui.regex_process import RegexProcess

if TYPE_CHECKING:
    from collections.abc import Sequence

REGEX = "re:"
HOST = "host="
SPANS_HELD = 500
RESOLVED_AT_ONCE = 200


class Matcher(Protocol):
    """Tells which texts match. `matching` may take long and is never for the screen's thread."""

    def matching(self, texts: Sequence[str]) -> list[int]:
        """Return the positions of the texts that match; raises PatternProblem."""

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where a text matches, as far as that is known without waiting."""

    @property
    def is_owing(self) -> bool:
        """True when `spans` was asked for something that `resolve` has to find out."""

    def resolve(self) -> None:
        """Find out what `spans` owes; never for the screen's thread."""

    def close(self) -> None:
        """Let go of whatever it holds."""


class LiteralMatcher:
    """A text as it stands. Lower-case text matches any case; otherwise the case counts."""

    is_owing = False

    def __init__(self, needle: str) -> None:
        self.needle = needle
        self.ignores_case = needle == needle.lower()

    def matching(self, texts: Sequence[str]) -> list[int]:
        """Return the positions of the texts that contain it."""
        needle = self.needle
        if self.ignores_case:
            return [at for at, text in enumerate(texts) if needle in text.lower()]
        return [at for at, text in enumerate(texts) if needle in text]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where in a line the text stands."""
        hay = text.lower() if self.ignores_case else text
        if len(hay) != len(text) or not self.needle:
            return []
        found: list[tuple[int, int]] = []
        at = hay.find(self.needle)
        while at >= 0:
            found.append((at, at + len(self.needle)))
            at = hay.find(self.needle, at + len(self.needle))
        return found

    def resolve(self) -> None:
        """Owe nothing."""

    def close(self) -> None:
        """Hold nothing."""


class RegexMatcher:
    """A regular expression, run in a process of its own under a deadline."""

    def __init__(self, pattern: str) -> None:
        self._process = RegexProcess(pattern)
        self._spans: LRUCache[str, list[tuple[int, int]]] = LRUCache(SPANS_HELD)
        self._owed: dict[str, None] = {}
        self._lock = threading.Lock()

    def matching(self, texts: Sequence[str]) -> list[int]:
        """Return the positions of the texts it matches; raises PatternProblem."""
        return [at for at, _ in self._process.find(texts)]

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where a text matches once that was resolved, and nothing before."""
        with self._lock:
            found = self._spans.get(text)
            if found is None:
                self._owed[text] = None
        return found or []

    @property
    def is_owing(self) -> bool:
        """True when a text that was painted has not been looked at."""
        return bool(self._owed)

    def resolve(self) -> None:
        """Look at the texts that were painted; raises PatternProblem."""
        with self._lock:
            texts = list(self._owed)[-RESOLVED_AT_ONCE:]
            self._owed.clear()
        found = dict(self._process.find(texts))
        with self._lock:
            for at, text in enumerate(texts):
                self._spans[text] = found.get(at, [])

    def close(self) -> None:
        """End the process."""
        self._process.close()


def matcher_of(text: str) -> Matcher:
    """Return what looks for `text`, or for the regular expression after `re:`."""
    if text.startswith(REGEX):
        return RegexMatcher(text[len(REGEX) :])
    return LiteralMatcher(text)


class Condition:
    """Which rows a filter lets through: `host=web* !re:pattern`, each part optional."""

    def __init__(self, text: str, names: Sequence[str]) -> None:
        self.text = text.strip()
        rest = self.text
        self.runs: frozenset[int] | None = None
        """Positions of the runs it is about; None for all."""
        if rest.startswith(HOST):
            pattern, _, rest = rest[len(HOST) :].partition(" ")
            wanted = [part.casefold() for part in pattern.split(",") if part]
            self.runs = frozenset(
                at
                for at, name in enumerate(names)
                if any(fnmatchcase(name.casefold(), part) for part in wanted)
            )
            rest = rest.strip()
        self.is_inverted = rest.startswith("!")
        self.needle = rest[1:].strip() if self.is_inverted else rest
        self.matcher = matcher_of(self.needle) if self.needle else None
