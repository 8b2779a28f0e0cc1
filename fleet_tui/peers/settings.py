"""The `[peers]` section of fleet.toml, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet_tui.model.config import FleetConfig

DEFAULT_URL = "nats://127.0.0.1:4222"


@dataclass(frozen=True, slots=True)
class PeersSettings:
    """Where the broker listens and where the file bus is; None is "not used"."""

    broker_host: str | None = None
    broker_port: int = 0
    bus: str | None = None
    """A folder, the same path on every host; may begin with `~/`."""
    nats_url: str | None = None
    """The NATS server over which fleets write to each other."""
    login: str | None = None
    fleet: str | None = None
    """How this fleet is called there."""

    @property
    def has_broker(self) -> bool:
        """True when a broker is wanted."""
        return self.broker_host is not None


def peers_settings(config: FleetConfig) -> PeersSettings:
    """Return what the configuration says of peers."""
    section = config.sections.get("peers")
    if not isinstance(section, Mapping):
        return PeersSettings()
    url = _text(section, "url") if section.get("carrier") == "nats" else None
    settings = PeersSettings(
        bus=_text(section, "bus"),
        nats_url=(url or DEFAULT_URL) if section.get("carrier") == "nats" else None,
        login=_text(section, "login"),
        fleet=_text(section, "name"),
    )
    broker = _text(section, "broker")
    if broker is None:
        return settings
    host, _, port = broker.rpartition(":")
    host = host.strip("[]")
    return replace(
        settings,
        broker_host="127.0.0.1" if host == "localhost" else host,
        broker_port=int(port),
    )


def _text(section: Mapping[str, object], key: str) -> str | None:
    value = section.get(key)
    return value if isinstance(value, str) else None
