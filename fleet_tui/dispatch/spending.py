"""What today's runs have cost, across all programs that share the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.journal import RunStore
    from fleet_tui.model.clock import Clock


@dataclass(frozen=True, slots=True)
class Spent:
    """US dollars since local midnight."""

    usd: float = 0.0
    is_complete: bool = True
    """False when a run of today ended without its cost being known, or one that is open has no
    cap."""
    reserved_usd: float = 0.0
    """What the runs that are open now may still cost."""
    by_host: Mapping[str, float] = field(default_factory=dict)


class Spending:
    """Today's cost; `now` asks the store, `last_known` does not."""

    def __init__(self, store: RunStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.last_known = Spent()

    def now(self) -> Spent:
        """Return what has been spent since midnight, from the store."""
        midnight = (
            datetime.fromtimestamp(self._clock.time())
            .astimezone()
            .replace(hour=0, minute=0, second=0, microsecond=0)
            .timestamp()
        )
        usd, complete = self._store.cost_since(midnight)
        reserved, bounded = self._store.reserved()
        by_host = self._store.cost_by_host_since(midnight)
        self.last_known = Spent(usd, complete and bounded, reserved, by_host)
        return self.last_known
