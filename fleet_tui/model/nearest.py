"""The known name that a mistyped one most likely meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_LENGTH = 100


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the most similar of `known`, letter case ignored, or None when none is close."""
    by_folded = {candidate.casefold(): candidate for candidate in reversed(list(known))}
    wanted = name[:_MAX_LENGTH].casefold()
    found = difflib.get_close_matches(wanted, by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None
