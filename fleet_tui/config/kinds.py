"""Kinds of values a key may hold. Each says what is allowed, and checks it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from fleet_tui.config.durations import parse_duration, show_duration
from fleet_tui.config.report import show
from fleet_tui.model.nearest import nearest
from fleet_tui.model.text import sanitize

if TYPE_CHECKING:
    from fleet_tui.config.lines import KeyPath
    from fleet_tui.config.report import Report


class Invalid:
    """What `check` returns for a value that was refused; its problem is in the report."""


INVALID: Final = Invalid()


class Kind(Protocol):
    """A kind of value."""

    @property
    def allowed(self) -> str:
        """What may stand here, as the end of the sentence "allowed: …"."""

    def check(self, value: object, path: KeyPath, report: Report) -> object:
        """Return the value as the program uses it, or report why not and return INVALID."""


def refuse(value: object, path: KeyPath, report: Report, allowed: str) -> Invalid:
    """Report a value that its kind does not allow."""
    report.add(path, f"found {show(value)}", f"allowed: {allowed}")
    return INVALID


@dataclass(frozen=True, slots=True)
class Text:
    """A text, not empty, without control characters; `pattern` must match all of it."""

    means: str = "a text"
    pattern: re.Pattern[str] | None = None
    is_multiline: bool = False

    @property
    def allowed(self) -> str:
        """What may stand here."""
        return self.means

    def check(self, value: object, path: KeyPath, report: Report) -> str | Invalid:
        """Return the text, as it stands."""
        if not isinstance(value, str) or not value.strip():
            return refuse(value, path, report, self.means)
        is_clean = sanitize(value) == value
        if not self.is_multiline and (not is_clean or re.search(r"[\n\t]", value)):
            return refuse(
                value, path, report, f"{self.means}, on one line, without control characters"
            )
        if not is_clean:
            return refuse(value, path, report, f"{self.means}, without control characters")
        if self.pattern is not None and not self.pattern.fullmatch(value):
            return refuse(value, path, report, self.means)
        return value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a few words."""

    words: tuple[str, ...]
    note: str = ""

    @property
    def allowed(self) -> str:
        """What may stand here."""
        listed = [f'"{word}"' for word in self.words]
        choices = " or ".join([", ".join(listed[:-1]), listed[-1]]) if listed[1:] else listed[0]
        return f"{choices} ({self.note})" if self.note else choices

    def check(self, value: object, path: KeyPath, report: Report) -> str | Invalid:
        """Return the word."""
        if isinstance(value, str):
            if value in self.words:
                return value
            close = nearest(value, self.words)
            if close:
                return refuse(value, path, report, f'{self.allowed}; did you mean "{close}"?')
        return refuse(value, path, report, self.allowed)


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    allowed: str = "true or false"

    def check(self, value: object, path: KeyPath, report: Report) -> bool | Invalid:
        """Return the flag."""
        return value if isinstance(value, bool) else refuse(value, path, report, self.allowed)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number within bounds, both included."""

    least: int
    most: int

    @property
    def allowed(self) -> str:
        """What may stand here."""
        return f"a whole number from {self.least} to {self.most}"

    def check(self, value: object, path: KeyPath, report: Report) -> int | Invalid:
        """Return the number."""
        if type(value) is int and self.least <= value <= self.most:
            return value
        return refuse(value, path, report, self.allowed)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of US dollars above zero."""

    allowed: str = "US dollars as a number above 0, like 2.50; leave it out for no cap"

    def check(self, value: object, path: KeyPath, report: Report) -> float | Invalid:
        """Return the amount."""
        amount = _number(value)
        if amount is not None and 0 < amount <= 1_000_000:
            return amount
        return refuse(value, path, report, self.allowed)


@dataclass(frozen=True, slots=True)
class Duration:
    """A length of time in seconds, bounds included; `zero_means` allows 0 beside them."""

    least: float
    most: float
    zero_means: str = ""

    @property
    def allowed(self) -> str:
        """What may stand here."""
        zero = f', or 0 for "{self.zero_means}"' if self.zero_means else ""
        return (
            f'seconds, or a text like "30s", "10m", "2h", '
            f"from {show_duration(self.least)} to {show_duration(self.most)}{zero}"
        )

    def check(self, value: object, path: KeyPath, report: Report) -> float | Invalid:
        """Return seconds."""
        seconds = parse_duration(value) if isinstance(value, str) else _number(value)
        if seconds is not None and (
            self.least <= seconds <= self.most or (seconds == 0 and self.zero_means)
        ):
            return seconds
        return refuse(value, path, report, self.allowed)


def _number(value: object) -> float | None:
    """Return a number that `float` can hold, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int) and abs(value) > 10**15:
        return None
    return float(value) if math.isfinite(value) else None
