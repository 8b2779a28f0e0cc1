"""A terminal on a host: the command that a suspended screen hands its terminal to.

OpenSSH's own client does it, not asyncssh: it knows the user's terminal, agent and configuration,
and the connection lives exactly as long as the person stays.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError
from fleet_tui.transport.local import login_shell

if TYPE_CHECKING:
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host


def terminal_argv(host: Host, config: FleetConfig, line: str | None) -> tuple[str, ...]:
    """Return what to start here for `line`, or for a login shell, on a terminal of `host`.

    Host keys stay strict and the agent is not forwarded, whatever the configuration says. Raises
    FleetError when there is no OpenSSH client here.
    """
    if host.connection == "local":
        shell = login_shell()
        return (shell, "-c", line) if line else (shell, "-l")
    program = shutil.which("ssh")
    if program is None:
        raise FleetError(
            "a terminal on a host needs the OpenSSH client", mend="install openssh-client"
        )
    argv = [program, "-t", "-a", "-x", "-o", "StrictHostKeyChecking=yes"]
    argv += [*own_files(config), *route_options(host, config)]
    return (*argv, "--", host.address or host.name, *([line] if line else []))


def own_files(config: FleetConfig) -> list[str]:
    """Return the options that name the files of this machine which fleet.toml names."""
    options: list[str] = []
    if config.ssh_config is not None:
        options += ["-F", str(config.ssh_config.expanduser())]
    if config.known_hosts is not None:
        options += ["-o", f"UserKnownHostsFile={config.known_hosts.expanduser()}"]
    return options


def route_options(host: Host, config: FleetConfig) -> list[str]:
    """Return the options by which fleet.toml wins over the ssh configuration."""
    options: list[str] = []
    if host.user:
        options += ["-l", host.user]
    if host.port:
        options += ["-p", str(host.port)]
    if host.key:
        options += ["-i", os.path.expanduser(host.key), "-o", "IdentitiesOnly=yes"]
    if host.via:
        options += ["-J", ",".join(hops_to(host, config))]
    return options


def hops_to(host: Host, config: FleetConfig, start: str = "") -> list[str]:
    """Return the jump hosts on the way, nearest to us first, as OpenSSH's -J takes them.

    With `start` they are those from that host on.
    """
    by_name = {known.name: known for known in config.hosts}
    hops: list[str] = []
    via = host.via
    while via and via != start and len(hops) < len(by_name) + 1:
        known = by_name.get(via)
        if known is None:
            hops.append(via)
            break
        user = f"{known.user}@" if known.user else ""
        port = f":{known.port}" if known.port else ""
        hops.append(f"{user}{known.address or known.name}{port}")
        via = known.via
    return hops[::-1]
