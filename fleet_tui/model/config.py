"""The contents of `fleet.toml`, checked and typed. Money is US dollars, durations are seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.host import Host
    from fleet_tui.model.run import AgentName, Mode, OnLimit


@dataclass(frozen=True, slots=True)
class Defaults:
    """What applies where a host or a command says nothing."""

    agent: AgentName = "claude"
    mode: Mode = "read"
    timeout: float | None = 1800.0
    stall_after: float = 600.0
    """A run that has said nothing for this long is stopped as stalled; 0 turns it off."""
    budget_usd: float | None = None
    fanout: int = 64
    """How many hosts may be logging in at once; running ones are not limited."""
    keepalive: float = 5.0
    """Seconds between probes of a silent connection; three unanswered ones end it."""
    connect_timeout: float = 15.0
    stale_after: float = 300.0
    model: str | None = None
    keep_days: int = 30
    """How long finished runs' output is kept, here and on their hosts."""
    keep_gb: int = 10
    """How much of it is kept, here and on each host, in 10^9 bytes."""
    on_limit: OnLimit = "fail"
    """What a run does that ended because its model's limit was reached."""


@dataclass(frozen=True, slots=True)
class Budget:
    """Caps of the whole fleet."""

    usd_per_day: float | None = None
    usd_per_dispatch: float | None = None


Clipboard = Literal["auto", "native", "osc52", "osc52-tmux", "off"]


@dataclass(frozen=True, slots=True)
class Attention:
    """Which events reach for the operator when the terminal is not being looked at."""

    bell: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    desktop: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FleetConfig:
    """A whole fleet. Sections that no part of the program reads yet are kept in `sections`."""

    name: str = "fleet"
    hosts: tuple[Host, ...] = ()
    defaults: Defaults = field(default_factory=Defaults)
    budget: Budget = field(default_factory=Budget)
    agent_home: Path = field(default_factory=lambda: Path("~/.claude"))
    log: Path | None = None
    """The audit log; None is `fleet.log` in `agent_home`."""
    data_dir: Path | None = None
    """Run store and spools; None is the platform's state folder."""
    theme: str | None = None
    clipboard: Clipboard = "auto"
    """How the screen copies; see `[ui]` of the sample."""
    attention: Attention = field(default_factory=Attention)
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Own names of the command line, and the command line that each stands for."""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Action id to the keys that replace its default ones."""
    key_lines: Mapping[str, int] = field(default_factory=dict)
    """Action id to the line of the file in which its keys stand."""
    ssh_config: Path | None = None
    """The OpenSSH client configuration to honour; None is `~/.ssh/config`."""
    known_hosts: Path | None = None
    this_host: str = ""
    """Name of this machine's entry, where the configuration was made for one machine."""
    sections: Mapping[str, object] = field(default_factory=dict)
    path: Path | None = None
    """The file it came from."""

    def host(self, name: str) -> Host:
        """Return the host called `name`; raises KeyError."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise KeyError(name)
