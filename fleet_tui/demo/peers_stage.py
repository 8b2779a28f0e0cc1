"""The demo's broker of messages, and the one host that had a broker of its own before."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.demo.spec import HostSpec

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return the port for the broker: here, and on the loopback of each host."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def sections(port: int) -> Mapping[str, object]:
    """Return the `[peers]` of the demo's fleet."""
    return {"peers": {"broker": f"{LOOPBACK}:{port}"}}


def host_with_a_broker(specs: Sequence[HostSpec], unreachable: str | None) -> str:
    """Return the host where somebody runs claude-peers already; empty in a fleet too small."""
    able = [
        spec.name
        for spec in specs[1:]
        if spec.kind == "linux" and spec.mood == "well" and spec.name != unreachable
        if not (spec.is_odd or spec.is_inner or spec.is_bastion or spec.loses_contact)
    ]
    return able[-1] if able else ""
