"""Every touch of what asyncssh and asyncio keep private; each has a contract test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import asyncssh
import asyncssh.encryption
import asyncssh.kex
import asyncssh.mac
import asyncssh.public_key

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

AlgorithmKind = Literal["kex", "cipher", "mac", "hostkey"]


def supported_algorithms(kind: str) -> tuple[str, ...]:
    """Return the names this asyncssh knows: `kex`, `cipher`, `mac`, `hostkey`."""
    names: list[bytes]
    if kind == "kex":
        names = asyncssh.kex.get_kex_algs()
    elif kind == "cipher":
        names = asyncssh.encryption.get_encryption_algs()
    elif kind == "mac":
        names = asyncssh.mac.get_mac_algs()
    else:
        names = [
            *asyncssh.public_key.get_certificate_algs(),
            *asyncssh.public_key.get_public_key_algs(),
        ]
    return tuple(name.decode("ascii") for name in names)


@dataclass(frozen=True, slots=True)
class LoginRequest:
    """One login, ready to be dialled."""

    host: str
    port: int
    options: asyncssh.SSHClientConnectionOptions
    host_key_alias: str | None
    trusted: tuple[asyncssh.SSHKey, ...]
    authorities: tuple[asyncssh.SSHKey, ...]
    revoked: tuple[asyncssh.SSHKey, ...]
    host_key_algorithms: tuple[str, ...]
    keys: list[asyncssh.SSHKeyPair]
    owner: Callable[[], asyncssh.SSHClient]
    tunnel: asyncssh.SSHClientConnection | None = None
    sock: socket.socket | None = None


async def open_connection(request: LoginRequest) -> asyncssh.SSHClientConnection:
    """Log in and return the connection; raises what asyncssh raises."""
    more: dict[str, Any] = {}
    if request.tunnel is not None:
        more["tunnel"] = request.tunnel
    if request.sock is not None:
        more["sock"] = request.sock
    return await asyncssh.connect(
        request.host,
        request.port,
        options=request.options,
        config=None,
        host_key_alias=request.host_key_alias,
        known_hosts=(list(request.trusted), list(request.authorities), list(request.revoked)),
        server_host_key_algs=list(request.host_key_algorithms),
        client_keys=request.keys or None,
        client_factory=request.owner,
        **more,
    )


async def ping(connection: asyncssh.SSHClientConnection) -> None:
    """Ask the server for a sign of life and return when it answered (OpenSSH PROTOCOL, 2.1)."""
    await connection._make_global_request(b"keepalive@openssh.com")


def heard_since(connection: asyncssh.SSHClientConnection) -> bool:
    """Return whether bytes arrived on `connection` since the last call; False if not known."""
    return False
