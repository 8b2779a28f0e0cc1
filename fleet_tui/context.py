"""What every primitive is given of the fleet that it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from fleet_tui.journal import FleetLog, RunStore
    from fleet_tui.model.clock import Clock
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.events import EventBus
    from fleet_tui.model.notice import Severity
    from fleet_tui.transport.pool import ConnectionPool


class Tells(Protocol):
    """Raises a notice."""

    def __call__(self, key: str, severity: Severity, event: str, source: str, text: str) -> None:
        """Tell a person something; a later notice with the same key replaces it."""


@dataclass(frozen=True, slots=True)
class FleetContext:
    """One open fleet: its configuration, journal, connections and bus. Belongs to its loop."""

    config: FleetConfig
    clock: Clock
    bus: EventBus
    log: FleetLog
    store: RunStore
    pool: ConnectionPool
    data_dir: Path
    """The state folder of this fleet, mode 0700; a primitive keeps its own files in it."""
    by: str
    """Who acts, `user@machine`, as the log writes it."""
    epoch: Callable[[], int]
    """The epoch this machine acts with."""
    new_id: Callable[[str], str]
    """Makes an identifier of a kind, `new_id("t")` -> `t-01J...`, ascending with time."""
    spawn: Callable[[Coroutine[None, None, None]], None]
    """Runs work beside everything else; it is cancelled when the fleet closes."""
    notice: Tells
