"""What everything about roles works with: who we are, the mirrors, the arbiter, the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fleet_tui.config.paths import expand
from fleet_tui.roles.git import Git
from fleet_tui.roles.mirrors import Mirrors
from fleet_tui.roles.settings import MirrorSettings
from fleet_tui.roles.shipping import LogShipper
from fleet_tui.standing import Standing

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.context import FleetContext


@dataclass(frozen=True, slots=True)
class Case:
    """One fleet as it is seen from this machine."""

    context: FleetContext
    standing: Standing
    settings: MirrorSettings
    mirrors: Mirrors
    shipper: LogShipper
    git: Git
    """The agent home of this machine."""

    @classmethod
    def of(cls, context: FleetContext) -> Case:
        """Return the case of an open fleet."""
        config = context.config
        settings = MirrorSettings.of(config)
        mirrors = Mirrors(config, settings, context.pool, context.clock)
        return cls(
            context,
            context.standing or Standing(config, context.data_dir),
            settings,
            mirrors,
            LogShipper(mirrors, context.log.path, config.name),
            Git(expand(config.agent_home)),
        )

    @property
    def here(self) -> str:
        """Name of this machine's entry; empty when it has none."""
        host = self.standing.this_host
        return "" if host is None else host.name

    @property
    def branch(self) -> str:
        """The mirror's branch."""
        return self.settings.branch

    @property
    def now(self) -> float:
        """Unix time."""
        return self.context.clock.time()

    @property
    def stamp(self) -> str:
        """The time as part of a name: `20261121T120301Z`."""
        return f"{datetime.fromtimestamp(self.now, tz=UTC):%Y%m%dT%H%M%SZ}"

    @property
    def iso_now(self) -> str:
        """The time as the role file says it."""
        return datetime.fromtimestamp(self.now).astimezone().isoformat(timespec="seconds")

    @property
    def copy(self) -> Path:
        """The copy of the audit log that others ship to this machine."""
        return (
            (self.standing.marks or self.context.data_dir)
            / "log"
            / self.shipper.fleet
            / "fleet.log"
        )

    @property
    def log_there(self) -> str:
        """The audit log's path as the other hosts have it."""
        log = self.context.config.log
        return f"{self.settings.folder}/fleet.log" if log is None else log.as_posix()

    def receivers(self) -> list[str]:
        """Return the hosts that keep a copy of the log: the other mirrors, and hubs."""
        return [
            host.name
            for host in self.context.config.hosts
            if host.shell == "posix"
            and host.name != self.here
            and host.roles & {"primary", "secondary", "hub"}
        ]

    def members(self) -> list[str]:
        """Return the hosts that have a mirror: whoever leads or can be promoted."""
        return [
            host.name
            for host in self.context.config.hosts
            if host.roles & {"primary", "secondary"} or host.name == self.standing.primary
        ]
