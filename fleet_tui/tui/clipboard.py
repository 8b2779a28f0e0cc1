"""Copying to the operator's clipboard through the terminal (OSC 52)."""

from __future__ import annotations

from fleet_tui.model.text import sanitize

MOST_BYTES = 74_000
"""What common terminals take in one OSC 52 sequence (the limit k9s measured)."""


def prepared(text: str) -> tuple[str, bool]:
    """Return clean text of at most `MOST_BYTES`, and whether something was cut off."""
    data = sanitize(text).encode()
    if len(data) <= MOST_BYTES:
        return data.decode(), False
    return data[:MOST_BYTES].decode("utf-8", "ignore"), True
