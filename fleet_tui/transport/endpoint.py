"""Where a host is and how to log in there, after every configuration had its say."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import lru_cache

DEFAULT_PORT = 22
DEFAULT_IDENTITIES = (
    "id_rsa",
    "id_ecdsa",
    "id_ecdsa_sk",
    "id_ed25519",
    "id_ed25519_sk",
    "id_xmss",
    "id_dsa",
)
"""What OpenSSH tries without `IdentityFile`, in its order (ssh_config(5))."""
USER_KNOWN_HOSTS = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
GLOBAL_KNOWN_HOSTS = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Everything a login needs. Paths are absolute; tokens are expanded."""

    alias: str
    """The name `ssh` would be given."""
    address: str
    user: str
    port: int = DEFAULT_PORT
    host_key_alias: str | None = None
    identity_files: tuple[str, ...] = ()
    has_default_identities: bool = True
    """True when `identity_files` are OpenSSH's defaults, whose absence is not worth a word."""
    identities_only: bool = False
    certificate_files: tuple[str, ...] = ()
    agent: str | None = None
    """Path of the agent's socket; None uses none."""
    known_hosts: tuple[str, ...] = ()
    """Files that name trusted host keys, the user's first."""
    proxy_jump: tuple[str, ...] = ()
    """Hops as `[user@]host[:port]`, the nearest first."""
    proxy_command: str | None = None
    connect_timeout: float | None = None
    keepalive: float | None = None
    """Seconds between probes, where `ServerAliveInterval` sets it; used when it is the shorter one,
    so that a dead peer is found as fast as promised."""
    keepalive_count: int | None = None
    extra_algorithms: tuple[tuple[str, tuple[str, ...]], ...] = field(default=())
    """Algorithms that the user's configuration adds to OpenSSH's defaults: kind to names; kinds
    are `kex`, `cipher`, `mac`, `hostkey`."""
    ssh_command: str = ""
    """What a person types to get there, for advice."""

    @property
    def known_hosts_name(self) -> str:
        """The name its key is filed under in known_hosts, in lower case."""
        if self.host_key_alias:
            return self.host_key_alias.lower()
        name = self.address.lower()
        return name if self.port == DEFAULT_PORT else f"[{name}]:{self.port}"

    @property
    def place(self) -> str:
        """`address`, with the port when it is not 22."""
        return self.address if self.port == DEFAULT_PORT else f"{self.address}:{self.port}"


def default_identity_files() -> tuple[str, ...]:
    """Return the paths OpenSSH tries when nothing is configured."""
    return _in_home(tuple(f"~/.ssh/{name}" for name in DEFAULT_IDENTITIES), os.path.expanduser("~"))


def default_known_hosts() -> tuple[str, ...]:
    """Return OpenSSH's known_hosts files, the user's first."""
    return _in_home((*USER_KNOWN_HOSTS, *GLOBAL_KNOWN_HOSTS), os.path.expanduser("~"))


@lru_cache(maxsize=8)
def _in_home(paths: tuple[str, ...], home: str) -> tuple[str, ...]:
    return tuple(home + path[1:] if path.startswith("~/") else path for path in paths)


def agent_from_environment() -> str | None:
    """Return the socket that `SSH_AUTH_SOCK` names, None without one."""
    return os.environ.get("SSH_AUTH_SOCK") or None
