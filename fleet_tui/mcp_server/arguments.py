"""What an agent gave a tool, checked: it is written by a model, and any of it may be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Arguments:
    """The arguments of one call; every method raises UsageError that names the argument."""

    def __init__(self, given: Mapping[str, object], known: Collection[str]) -> None:
        for name in given:
            if name not in known:
                allowed = ", ".join(sorted(known)) or "it takes none"
                raise UsageError(f"there is no argument {name!r:.40}", mend=f"allowed: {allowed}")
        self._given = {name: value for name, value in given.items() if value is not None}

    def text(self, name: str, default: str = "") -> str:
        """Return a text, `default` when it is not given."""
        value = self._given.get(name, default)
        if not isinstance(value, str):
            raise UsageError(f"{name} must be a text")
        return value

    def needed(self, name: str) -> str:
        """Return a text that must be there."""
        value = self.text(name)
        if not value.strip():
            raise UsageError(f"{name} is missing")
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """Return the names in a text with commas between them, each once."""
        words = (word.strip() for word in self.text(name).split(","))
        return tuple(dict.fromkeys(word for word in words if word))

    def flag(self, name: str) -> bool:
        """Return a flag, False when it is not given."""
        value = self._given.get(name, False)
        if not isinstance(value, bool):
            raise UsageError(f"{name} must be true or false")
        return value

    def whole(self, name: str, default: int, most: int) -> int:
        """Return a number from 0 to `most`; more than that is cut."""
        value = self._given.get(name, default)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise UsageError(f"{name} must be a whole number from 0")
        return min(value, most)

    def amount(self, name: str) -> float | None:
        """Return a number above 0, None when it is not given."""
        value = self._given.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
            raise UsageError(f"{name} must be a number above 0")
        return float(value)

    def budget(self) -> float:
        """Return the cap in US dollars, which nothing that costs money starts without."""
        value = self.amount("budget_usd")
        if value is None:
            raise UsageError("budget_usd is missing: nothing that costs money starts without a cap")
        return value

    def one_of(self, name: str, words: Collection[str], default: str = "") -> str:
        """Return one of these words."""
        value = self.text(name, default)
        if value and value not in words:
            raise UsageError(f"{name} must be one of {', '.join(words)}")
        return value
