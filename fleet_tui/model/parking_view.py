"""Runs that wait for the end of a limit, as the screen shows them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_tui.model.snapshot import PartView

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ParkedRun:
    """A run that a limit ended and that goes on by itself. Times are Unix seconds."""

    run: str
    host: str
    due_at: float
    """When it goes on."""
    attempt: int
    """How often in a row the limit has ended it."""
    since: float
    why: str
    """What the agent said of the limit, one sanitized sentence."""


@dataclass(frozen=True, slots=True)
class ParkingView(PartView):
    """All runs that are parked, of all programs, by their ids."""

    parked: Mapping[str, ParkedRun] = field(default_factory=dict)
