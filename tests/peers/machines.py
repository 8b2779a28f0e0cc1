"""Machines with a loopback of their own: an sshd in a network namespace for each."""

from __future__ import annotations

import os
import shlex
import subprocess
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.fleet import Fleet
from fleet_tui.model.host import Host
from tests.support.parts import require
from tests.support.sshd import SshServer
from tests.support.stage import fleet_file

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


def require_namespaces() -> str:
    """Return what makes a namespace; without the right to, the test is skipped."""
    unshare, ip = require("unshare"), require("ip")
    if os.geteuid() != 0 or subprocess.run([unshare, "-n", "true"]).returncode != 0:
        pytest.skip("no network namespace of our own is allowed here")
    return f"{unshare} -n sh -c" if ip else ""


def carried_by_namespace(folder: Path, *names: str) -> str:
    """Return an ssh_config by which each name is an sshd in a namespace of its own."""
    unshare = require_namespaces()
    parts = []
    for name in names:
        server = SshServer(folder, name=name, env={"HOME": str(folder / name)})
        (folder / name).mkdir()
        config = server._write_config()
        server.home.joinpath("known_hosts").write_text(server.known_hosts_text(name))
        inside = f"ip link set lo up && exec {server.binary} -i -f {config} -E {server.log}"
        parts.append(server.ssh_config_text(name))
        parts.append(f"  HostKeyAlias {name}")
        parts.append(f"  ProxyCommand {unshare} {shlex.quote(inside)}")
    return "\n".join(parts) + "\n"


@asynccontextmanager
async def fleet_of_machines(folder: Path, *names: str, **peers: object) -> AsyncIterator[Fleet]:
    """Open a fleet of this machine and some others, each with its own loopback."""
    config_file = folder / "ssh_config"
    config_file.write_text(carried_by_namespace(folder, *names))
    hosts = [Host("here", connection="local"), *(Host(name) for name in names)]
    config = replace(fleet_file(folder, hosts), ssh_config=config_file, sections={"peers": peers})
    fleet = Fleet(config)
    await fleet.open()
    try:
        fleet.pool.keep(names)
        yield fleet
    finally:
        await fleet.close()
