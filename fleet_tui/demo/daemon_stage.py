"""What runs by itself in the demo: a daemon that comes around while one looks, and a schedule."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from fleet_tui.demo.queue_stage import workers_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.demo.spec import HostSpec

EVERY = 60.0
SCHEDULE_AFTER = timedelta(minutes=2)
"""From the start of the demo to its schedule's time of day, at least."""
SCOUT = "Look at free space and disk health. One line; ALERT first when a person must act."
REPORT = "Is every service healthy? Say in one line what a person should look at."


def sections(specs: Sequence[HostSpec], now: datetime) -> Mapping[str, object]:
    """Return `[[daemon]]` and `[[schedule]]` of the demo's fleet, as fleet.toml would give them."""
    hosts = workers_of(specs)
    if not hosts:
        return {}
    at = (now + SCHEDULE_AFTER).strftime("%H:%M")
    basis = {"agent": "claude", "mode": "read", "budget_usd": 0.25}
    scout = {"name": "disk-scout", "target": hosts[-1], "prompt": SCOUT, "every": EVERY, **basis}
    report = {
        "name": "daily-report",
        "target": ",".join(hosts),
        "prompt": REPORT,
        "at": at,
        **basis,
    }
    return {"daemon": (MappingProxyType(scout),), "schedule": (MappingProxyType(report),)}
