"""Machines of the fleet: what `fleet.toml` says of them, and what is known of them now."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.errors import ConnectFault
    from fleet_tui.model.run import AgentName

Role = Literal["primary", "secondary", "worker", "hub"]
ConnectionKind = Literal["ssh", "local"]
Shell = Literal["posix", "powershell"]
LinkState = Literal["unknown", "connecting", "up", "down"]

_NO_ENV: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Host:
    """A machine as its owner described it; None means "as `~/.ssh/config` has it"."""

    name: str
    address: str | None = None
    user: str | None = None
    port: int | None = None
    via: str | None = None
    """Name of the host (or ssh alias) to jump through."""
    connection: ConnectionKind = "ssh"
    shell: Shell = "posix"
    roles: frozenset[Role] = frozenset()
    groups: tuple[str, ...] = ()
    tier: str | None = None
    agent: AgentName | None = None
    agent_paths: Mapping[str, str] = field(default_factory=lambda: _NO_ENV)
    """Agent name to absolute path, where the operator pinned one."""
    workdir: str | None = None
    env: Mapping[str, str] = field(default_factory=lambda: _NO_ENV)
    key: str | None = None
    """Path of the private key to use, `~` not expanded."""
    durable: bool = True
    """Whether runs live on the host without us; hosts without a POSIX shell never do that."""
    allow_root: bool = False
    """Whether an `unrestricted` run may be root there."""
    verify_command: str | None = None
    verify_expect: str | None = None

    @property
    def keeps_runs(self) -> bool:
        """True when a run here outlives the connection that started it."""
        return self.durable and self.shell == "posix"


@dataclass(frozen=True, slots=True)
class AgentInstall:
    """An agent binary found on a host."""

    path: str
    version: str


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What a probe of the host answered; every string is sanitized."""

    probed_at: float
    """Unix time, seconds, of our clock."""
    hostname: str
    system: str
    """`uname -sr`, or the Windows version."""
    home: str
    agents: Mapping[str, AgentInstall]
    disk_free_bytes: int | None = None
    uptime_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """How we stand with a host, by what proof, and since when. Times are Unix seconds."""

    host: str
    state: LinkState
    since: float
    """When this state began."""
    proven_at: float | None = None
    """When the last byte or answer arrived that proves `up`; None if never."""
    fault: ConnectFault | None = None
    reason: str = ""
    """One sanitized sentence, empty while all is well."""
    mend: str = ""
    latency_seconds: float | None = None
    server: str = ""
    """The server's version line, sanitized."""
