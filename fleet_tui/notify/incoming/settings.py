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
    is_open_here: bool
    """Whether it listens on this machine's own loopback."""
    topic_env: str = ""
    """The variable that holds the topic; empty for one that is made here and kept."""
    topic: str = ""
    """The topic itself, in a configuration that was made in memory; it stands in no file."""


def receiver_settings(config: FleetConfig) -> ReceiverSettings | None:
    """Return what the configuration says of the receiver; None when none is wanted."""
    section = config.sections.get("receiver")
    if not isinstance(section, Mapping):
        return None
    target = section.get("hosts")
    names = set(resolve(str(target or "all"), config.hosts))
    local = {host.name for host in config.hosts if host.connection == "local"}
    return ReceiverSettings(
        port=int(section["port"]),
        hosts=tuple(host.name for host in config.hosts if host.name in names),
        is_open_here=target is None or bool(local & names),
        topic_env=str(section.get("topic_env", "")),
        topic=str(section.get("topic", "")),
    )
