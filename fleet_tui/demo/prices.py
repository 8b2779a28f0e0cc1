"""The price table of Claude Code 2.1.329 in US dollars per million tokens.

Input and output prices are those of the CLI's own table; cached tokens are priced so that its
recorded results come out exactly (100 in, 20 out, 50 read, 10 written: $0.00086).
"""

from __future__ import annotations

from dataclasses import dataclass

_MILLION = 1_000_000

MODELS = {
    "opus": "claude-opus-5-5",
    "sonnet": "claude-sonnet-5-5",
    "haiku": "claude-haiku-5-5",
    "fable": "claude-fable-5-2",
}
"""Alias to full name; anything else stands for itself."""

_PRICES = {
    "claude-opus-5-5": (4.0, 20.0),
    "claude-sonnet-5-5": (2.0, 10.0),
    "claude-haiku-5-5": (0.10, 0.50),
    "claude-fable-5-2": (8.0, 40.0),
}
_CACHE_READ = 0.05
_CACHE_WRITE = 1.25


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or several responses."""

    fresh: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    thinking: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.fresh + other.fresh,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_write + other.cache_write,
            self.thinking + other.thinking,
        )

    def cost(self, model: str) -> float:
        """Return what these tokens cost on `model`, in US dollars."""
        price_in, price_out = _PRICES.get(model, _PRICES["claude-opus-5-5"])
        weighed = self.fresh + self.cache_read * _CACHE_READ + self.cache_write * _CACHE_WRITE
        return (weighed * price_in + self.output * price_out) / _MILLION


def tokens(text: str) -> int:
    """Return about how many tokens `text` is: one for every four characters, at least one."""
    return max(1, len(text) // 4)
