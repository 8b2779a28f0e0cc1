"""The `[receiver]` section of fleet.toml, typed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.model.target import resolve

if TYPE_CHECKING:
    from fleet_tui.model.config import FleetConfig


@dataclass(frozen=True, slots=True)
class ReceiverSettings:
    """Where notices of the fleet's machines are taken in."""

    port: int
    """On the loopback of every machine."""
    hosts: tuple[str, ...]
    """The machines that may send."""
    topic_env: str = ""
    """The variable that holds the topic; empty for one that is made here and kept."""


def receiver_settings(config: FleetConfig) -> ReceiverSettings | None:
    """Return what the configuration says of the receiver; None when none is wanted."""
    section = config.sections.get("receiver")
    if not isinstance(section, Mapping):
        return None
    target = str(section.get("hosts", "all"))
    names = set(resolve(target, config.hosts))
    return ReceiverSettings(
        port=int(section["port"]),
        hosts=tuple(host.name for host in config.hosts if host.name in names),
        topic_env=str(section.get("topic_env", "")),
    )
