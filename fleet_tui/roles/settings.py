"""What fleet.toml says of the mirror."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet_tui.model.config import FleetConfig


@dataclass(frozen=True, slots=True)
class MirrorSettings:
    """`[mirror]`, with what is left out filled in."""

    remote: str = ""
    """Address of the git remote, as every host can reach it; empty when fleet.toml names none."""
    branch: str = "main"
    folder: str = "~/.claude"
    """The agent home on the hosts; `~` is each host's own home."""
    pull_every: float = 600.0
    """Seconds between scheduled pulls."""

    @classmethod
    def of(cls, config: FleetConfig) -> MirrorSettings:
        """Return the settings of a fleet."""
        found = config.sections.get("mirror")
        given = dict(found) if isinstance(found, Mapping) else {}
        given.setdefault("folder", config.agent_home.as_posix())
        return cls(**given)
