"""Reading JSON of unknown shape: every wrong type reads as "not there"."""

from __future__ import annotations

import json
import math
from typing import TypeAlias

JsonObject: TypeAlias = dict[str, object]

MAX_LINE_BYTES = 8 << 20
"""Longer lines are not parsed; no event of an agent comes near it."""

MAX_AMOUNT = 1e12
"""Numbers beyond it are taken for damage: no cost, token count or Unix time reaches it."""


def parse_object(line: bytes) -> JsonObject | None:
    """Return the JSON object on `line`; None when it is anything else, too long or too deep."""
    if len(line) > MAX_LINE_BYTES:
        return None
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def text(source: JsonObject, key: str) -> str:
    """Return the string at `key`, or an empty one."""
    value = source.get(key)
    return value if isinstance(value, str) else ""


def number(source: JsonObject, key: str) -> float | None:
    """Return the finite, non-negative number at `key`, or None."""
    value = source.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return float(value) if 0 <= value <= MAX_AMOUNT else None


def integer(source: JsonObject, key: str) -> int | None:
    """Return the non-negative whole number at `key`, or None."""
    value = number(source, key)
    return None if value is None else int(value)


def mapping(source: JsonObject, key: str) -> JsonObject:
    """Return the object at `key`, or an empty one."""
    value = source.get(key)
    return value if isinstance(value, dict) else {}


def objects(source: JsonObject, key: str) -> list[JsonObject]:
    """Return those entries of the list at `key` that are objects."""
    value = source.get(key)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def strings(source: JsonObject, key: str) -> list[str]:
    """Return those entries of the list at `key` that are strings."""
    value = source.get(key)
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []
