"""The OpenSSH command by which a program of one machine talks to a program of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.transport.interactive import hops_to, own_files, route_options

if TYPE_CHECKING:
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host

QUIET = ("-T", "-a", "-x", "-o", "BatchMode=yes", "-o", "ConnectTimeout=10")
"""No terminal, nothing forwarded, no question that nobody could answer."""


def bridge_argv(
    to: Host, config: FleetConfig, *, at: str, line: str = "", more: tuple[str, ...] = ()
) -> tuple[str, ...]:
    """Return the command that reaches `to` from `at`, the name of a host, empty for this machine.

    `more` are options of ssh. Host keys stay strict. What lies on this machine (keys, its ssh
    configuration) is named for this machine only.
    """
    argv = ["ssh", *QUIET, "-o", "StrictHostKeyChecking=yes"]
    if at:
        hops = hops_to(to, config, at)
        argv += ["-l", to.user] if to.user else []
        argv += ["-p", str(to.port)] if to.port else []
        argv += ["-J", ",".join(hops)] if hops else []
    else:
        argv += [*own_files(config), *route_options(to, config)]
    return (*argv, *more, "--", to.address or to.name, *([line] if line else []))
