"""The `[peers]` section of fleet.toml, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet_tui.model.config import FleetConfig


@dataclass(frozen=True, slots=True)
class PeersSettings:
    """Where the broker listens and where the file bus is; None is "not used"."""

    broker_host: str | None = None
    broker_port: int = 0
    bus: str | None = None
    """A folder, the same path on every host; may begin with `~/`."""

    @property
    def has_broker(self) -> bool:
        """True when a broker is wanted."""
        return self.broker_host is not None


def peers_settings(config: FleetConfig) -> PeersSettings:
    """Return what the configuration says of peers."""
    section = config.sections.get("peers")
    if not isinstance(section, Mapping):
        return PeersSettings()
    broker, bus = section.get("broker"), section.get("bus")
    if not isinstance(broker, str):
        return PeersSettings(bus=bus if isinstance(bus, str) else None)
    host, _, port = broker.rpartition(":")
    host = host.strip("[]")
    return PeersSettings(
        "127.0.0.1" if host == "localhost" else host,
        int(port),
        bus if isinstance(bus, str) else None,
    )
