"""What today's runs and cloud sessions have cost, across all programs that share the store."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from fleet_tui.journal.managed import ManagedRows
from fleet_tui.model.managed_view import CLOUD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.journal import RunStore
    from fleet_tui.model.clock import Clock


@dataclass(frozen=True, slots=True)
class Spent:
    """US dollars since local midnight."""

    usd: float = 0.0
    is_complete: bool = True
    """False when a run or a cloud session of today ended without its cost being known, or a run
    that is open has no cap."""
    reserved_usd: float = 0.0
    """What the runs and cloud sessions that are open now may still cost."""
    by_host: Mapping[str, float] = field(default_factory=dict)


class Spending:
    """Today's cost; `now` asks the store, `last_known` does not."""

    def __init__(self, store: RunStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self.last_known = Spent()

    def now(self) -> Spent:
        """Return what has been spent since midnight, from the store."""
        today = (
            datetime.fromtimestamp(self._clock.time())
            .astimezone()
            .replace(hour=0, minute=0, second=0, microsecond=0)
        )
        midnight = today.timestamp()
        usd, complete = self._store.cost_since(midnight)
        reserved, bounded = self._store.reserved()
        by_host = self._store.cost_by_host_since(midnight)
        cloud = ManagedRows(self._store).sums(today.date().isoformat())
        if cloud.spent_usd:
            by_host[CLOUD] = by_host.get(CLOUD, 0.0) + cloud.spent_usd
        self.last_known = Spent(
            usd + cloud.spent_usd,
            complete and bounded and not cloud.unknown,
            reserved + cloud.reserved_usd,
            by_host,
        )
        return self.last_known
