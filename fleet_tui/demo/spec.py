"""What the parent tells the child that serves the demo: one JSON file in the throw-away home."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Kind = Literal["linux", "nas", "darwin", "windows"]
Mood = Literal["well", "slow", "overloaded", "denied"]
"""`slow` answers seconds late, `overloaded` ends every new session with API error 529, `denied` has
an agent that is refused one tool of each longer piece of work."""

HOME_PREFIX = "fleet-demo-"
"""Beginning of the throw-away home's name; nothing else is ever deleted."""
SPEC_NAME = "demo.json"


@dataclass(frozen=True, slots=True)
class HostSpec:
    """One pretended machine. It is recognised by the SSH login name, which is `name`."""

    name: str
    kind: Kind = "linux"
    user: str = "fleet"
    """What `whoami` says there."""
    workdir: str | None = None
    agents: Mapping[str, str] = field(default_factory=dict)
    """Agent name to absolute path."""
    mood: Mood = "well"
    is_odd: bool = False
    """True on the one machine of its kind that still runs an older release."""
    is_inner: bool = False
    """True when it can be reached through a jump host only."""
    is_bastion: bool = False
    """True when it forwards connections to the inner hosts."""
    loses_contact: bool = False
    """True when its connections are cut now and then while it works; its runs go on."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Command lines it answers with a fixed output."""


@dataclass(frozen=True, slots=True)
class DemoSpec:
    """The whole demo as the child serves it."""

    home: str
    port: int
    inner_port: int
    """Where inner hosts pretend to listen; only the bastion's server knows the way."""
    closed_port: int
    """Where the unreachable host pretends to be; nothing listens there."""
    host_key: str
    """Path of the servers' private key."""
    client_key: str
    """The one public key that may log in, in OpenSSH format."""
    hosts: tuple[HostSpec, ...]
    listen_fd: int | None = None
    """An inherited listening socket for `port`; None: the child binds it."""
    broker_port: int = 0
    """Where the fleet's broker is, and on which port of each host it wants to be reached."""
    broker_host: str = ""
    """The host whose port is taken by a claude-peers broker of its own; empty for none."""
    speed: float = 1.0
    """1 is human speed, 4 four times as fast, 0 without any delay."""

    def save(self, path: Path) -> None:
        """Write it to `path`, readable by the owner only."""
        path.touch(mode=0o600)
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> DemoSpec:
        """Read what `save` wrote."""
        fields = json.loads(path.read_text(encoding="utf-8"))
        fields["hosts"] = tuple(HostSpec(**host) for host in fields["hosts"])
        return cls(**fields)
