"""One key in several places: found only by looking at hosts together."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from fleet_tui.health.doctor_findings import FLEET, Finding
from fleet_tui.model.target import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.health.doctor_case import Shared


def check_shared_keys(shared: Shared) -> Iterator[Finding]:
    """Judge private keys on hosts, keys that open hosts, and keys hosts prove themselves with."""
    yield from _copies(shared)
    yield from _one_for_all(shared)
    yield from _host_keys(shared)


def _copies(shared: Shared) -> Iterator[Finding]:
    for fingerprint, places in shared.held.items():
        names = tuple(dict.fromkeys(name for name, _ in places))
        here = shared.client_keys.get(fingerprint)
        if len(names) < 2 and here is None:
            continue
        where = f"{fold(names)} ({places[0][1]})"
        also = f" and on this machine ({here})" if here else ""
        yield Finding(
            FLEET,
            "key-copied",
            "error",
            f"one private key lies on {where}{also}: {fingerprint}",
            "whoever breaks into one of them, or an agent that is talked into it, holds the key "
            "of all; and it cannot be taken back from one alone",
            f"{_ssh(shared, names[0])} 'ssh-keygen -t ed25519 -f ~/.ssh/id_{names[0]}', let that "
            "key in where this host must go, then delete the copy",
            names,
        )


def _one_for_all(shared: Shared) -> Iterator[Finding]:
    for fingerprint, names in shared.accepted.items():
        if len(names) < 2:
            continue
        path = shared.client_keys.get(fingerprint, "one key")
        own = shlex.quote(f"fleet_{names[-1]}")
        yield Finding(
            FLEET,
            "client-key-shared",
            "warning",
            f"{path} opens {len(names)} hosts: {fold(names)} ({fingerprint})",
            "whoever takes this one key has all of them at once, and none can be cut off alone",
            f"ssh-keygen -t ed25519 -f ~/.ssh/{own} && {_ssh(shared, names[-1])} "
            f"'cat >> ~/.ssh/authorized_keys' < ~/.ssh/{own}.pub"
            f', then key = "~/.ssh/fleet_{names[-1]}" for it in fleet.toml',
            names,
        )


def _host_keys(shared: Shared) -> Iterator[Finding]:
    for fingerprint, places in shared.host_keys.items():
        names = tuple(dict.fromkeys(name for name, _ in places))
        if len(names) < 2:
            continue
        key = places[0][1]
        yield Finding(
            FLEET,
            "host-key-shared",
            "warning",
            f"{fold(names)} show the same {key.kind} host key ({fingerprint})",
            "each can pose as the other, and a login meant for one goes to the other unnoticed; "
            "machines cloned from one image are like that (one machine under two names is not)",
            f"ssh -t{_ssh(shared, names[-1]).removeprefix('ssh')} 'sudo rm /etc/ssh/ssh_host_* && "
            f"sudo ssh-keygen -A && sudo systemctl restart ssh', then accept its new key in "
            f"place of {key.place}",
            names,
        )


def _ssh(shared: Shared, name: str) -> str:
    return shared.commands.get(name, f"ssh {name}")
