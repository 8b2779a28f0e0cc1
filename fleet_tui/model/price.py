"""What tokens cost."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MILLION = 1_000_000
ANY_MODEL = "*"


@dataclass(frozen=True, slots=True)
class TokenCount:
    """Tokens of a run, or of a whole thread."""

    into: int = 0
    """All tokens in, those from the cache included."""
    cached: int = 0
    out: int = 0

    def __str__(self) -> str:
        return f"{self.into}/{self.cached}/{self.out}"

    @classmethod
    def read(cls, text: str) -> TokenCount | None:
        """Return what `str` wrote, None for anything else."""
        parts = text.split("/")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
            return None
        return cls(*map(int, parts))

    def since(self, before: TokenCount) -> TokenCount:
        """Return what was added after `before`; a count that went back began anew."""
        if self.into < before.into or self.out < before.out:
            return self
        cached = max(self.cached - before.cached, 0)
        return TokenCount(self.into - before.into, cached, self.out - before.out)


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """US dollars for a million tokens of a model, and the date it was looked up."""

    model: str
    """A name, or a pattern with `*` and `?`."""
    input: float
    output: float
    as_of: str
    """An ISO date."""
    cached_input: float | None = None
    """None: the same as `input`."""
    reserve_usd: float | None = None
    """What one run is reckoned with until its cost is known, where nothing holds the agent to a
    cap. None: nobody says, so it could cost any amount."""

    def cost(self, tokens: TokenCount) -> float:
        """Return US dollars."""
        cached = min(tokens.cached, tokens.into)
        cached_price = self.input if self.cached_input is None else self.cached_input
        fresh = (tokens.into - cached) * self.input
        return (fresh + cached * cached_price + tokens.out * self.output) / MILLION


def price_of(model: str | None, table: Sequence[TokenPrice]) -> TokenPrice | None:
    """Return the price of a model: its own name first, then the longest pattern that fits.

    None when no price fits. A model that nobody names is priced by `*` alone.
    """
    if not model:
        return next((price for price in table if price.model == ANY_MODEL), None)
    fitting = [price for price in table if fnmatchcase(model, price.model)]
    exact = [price for price in fitting if price.model == model]
    return next(iter(exact), max(fitting, key=lambda price: len(price.model), default=None))
