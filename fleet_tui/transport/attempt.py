"""What is known of one login while it is under way: the evidence for saying why it failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from fleet_tui.transport.endpoint import Endpoint
    from fleet_tui.transport.known_hosts import KnownKeys

LoginPhase = Literal["dialing", "connected", "greeted", "authenticated"]
"""`connected`: TCP is up; `greeted`: the server sent its version line."""


@dataclass(slots=True)
class Attempt:
    """One login."""

    endpoint: Endpoint
    known: KnownKeys | None = None
    phase: LoginPhase = "dialing"
    presented_kind: str = ""
    presented_fingerprint: str = ""
    """Type and fingerprint of the key the server showed, when it was not trusted."""
    preamble: bytes = b""
    """What the peer sent before a version line; an SSH server rarely sends any."""
    server: str = ""
    """The server's version line."""
    offered_keys: int = 0
    notes: tuple[str, ...] = ()
    """Why configured keys were not offered."""
    encrypted: tuple[str, ...] = ()
    via: str = ""
    """The jump host, empty without one."""
    banner: list[str] = field(default_factory=list)
    """What the server wanted the user to read before logging in."""
