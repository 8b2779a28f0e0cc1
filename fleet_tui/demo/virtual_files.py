"""The few files that exist on a demo host; nothing of the real machine is ever opened."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from fleet_tui.demo import repository

if TYPE_CHECKING:
    from fleet_tui.demo.host import Personality


def all_files(host: Personality) -> dict[str, str]:
    """Return absolute POSIX path and content of every file of `host`."""
    name, _, version = host.release.partition(" ")
    found = {
        "/etc/hostname": f"{host.name}\n",
        "/etc/os-release": (
            f'PRETTY_NAME="{host.release}"\nNAME="{name}"\nVERSION="{version}"\nID={name.lower()}\n'
        ),
        "/proc/loadavg": f"{load(host)} 1/214 {2000 + host.seed % 30000}\n",
        "/proc/uptime": f"{host.uptime():.2f} {host.uptime() * 1.9:.2f}\n",
        "/proc/version": f"{host.kernel}\n",
    }
    workdir = host.workdir.replace("\\", "/")
    for path, content in repository.files(host).items():
        found[posixpath.join(workdir, path)] = content
    return found


def load(host: Personality) -> str:
    """Return the three load averages."""
    base = 4.2 if host.spec.mood == "slow" else (host.seed % 90) / 100
    return f"{base:.2f} {base * 0.9:.2f} {base * 0.8:.2f}"


def resolve(folder: str, path: str) -> str:
    """Return `path` as seen from `folder`, absolute and without dots."""
    is_absolute = path[1:2] == ":"
    return posixpath.normpath(path if is_absolute else posixpath.join(folder, path))


def folders(host: Personality) -> set[str]:
    """Return every folder that exists on `host`."""
    found = {"/", "/tmp", "/var", "/var/log"}
    for path in (*all_files(host), host.home.replace("\\", "/") + "/x"):
        parent = posixpath.dirname(path)
        while parent not in ("", "/") and parent not in found:
            found.add(parent)
            parent = posixpath.dirname(parent)
    return found


def listing(host: Personality, folder: str) -> list[str]:
    """Return the names in `folder`, hidden ones left out."""
    prefix = folder.rstrip("/") + "/"
    names = {
        path[len(prefix) :].partition("/")[0]
        for path in (*all_files(host), *folders(host))
        if path.startswith(prefix)
    }
    return sorted(name for name in names if name and not name.startswith("."))
