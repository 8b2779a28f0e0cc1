"""Every touch of what asyncssh and asyncio keep private, but for `asyncssh_wire`/`_parts`.

Each has a contract test. Where the installed asyncssh is not the one these were written against,
`is_tuned` is false and all of it goes through asyncssh's public interface: slower, never wrong.
"""

from __future__ import annotations

import asyncio
import copy
import inspect
import warnings
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast

import asyncssh
import asyncssh.encryption
import asyncssh.kex
import asyncssh.mac
import asyncssh.public_key
from asyncssh.constants import OPEN_REQUEST_SESSION_FAILED
from asyncssh.packet import String

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from fleet_tui.transport.asyncssh_wire import TunedConnection
    from fleet_tui.transport.ssh_session import SshProcess

WRITTEN_FOR = "2.24."
"""Versions of asyncssh whose inside is known."""
PACKET_SIZE = 32768
"""Largest data packet asked for; OpenSSH sends no larger one."""
ADDRESS_DELAY = 0.25
"""Seconds before the next address of a name is tried beside the first (RFC 8305)."""

_EXPECTED: dict[type, tuple[str, ...]] = {
    asyncssh.SSHClientConnection: (
        "_finish_recv_packet",
        "_make_global_request",
        "_process_service_accept",
        "_process_userauth_success",
        "_recv_data",
        "_recv_pkthdr",
        "_send",
        "send_packet",
        "send_userauth_request",
    ),
    asyncssh.SSHClientChannel: (
        "_accept_data",
        "_flush_recv_buf",
        "_open",
        "_send_request",
        "process_open_confirmation",
        "process_packet",
    ),
}


warnings.filterwarnings("ignore", message="Diffie-Hellman over finite fields")
# Old servers still need it where their owner allowed it; a warning would land on the screen.


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


@cache
def is_tuned() -> bool:
    """Return whether the tuned connection may be used with the installed asyncssh."""
    if not asyncssh.__version__.startswith(WRITTEN_FOR):
        return False
    if not all(hasattr(owner, name) for owner, names in _EXPECTED.items() for name in names):
        return False
    if not {"loop", "options", "wait"} <= set(
        inspect.signature(asyncssh.SSHClientConnection).parameters
    ):
        return False
    try:
        from fleet_tui.transport import asyncssh_wire
    except ImportError:
        return False
    return asyncssh_wire.TunedConnection is not None


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

    @property
    def known_hosts(self) -> tuple[list[asyncssh.SSHKey], ...]:
        """Trusted keys, authorities, revoked keys, as asyncssh takes them."""
        return (list(self.trusted), list(self.authorities), list(self.revoked))


async def open_connection(request: LoginRequest) -> asyncssh.SSHClientConnection:
    """Log in and return the connection; raises what asyncssh raises."""
    if is_tuned():
        return await _open_tuned(request)
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
        known_hosts=cast("Any", request.known_hosts),
        server_host_key_algs=list(request.host_key_algorithms),
        client_keys=request.keys or None,
        client_factory=request.owner,
        **more,
    )


async def _open_tuned(request: LoginRequest) -> asyncssh.SSHClientConnection:
    """Do what `asyncssh.connect` does, on options that are copied instead of parsed again."""
    from fleet_tui.transport.asyncssh_wire import TunedConnection

    loop = asyncio.get_running_loop()
    options = copy.copy(request.options)
    options.shared = request.options  # type: ignore[attr-defined]
    options.host = options.orig_host = request.host
    options.port = request.port
    options.host_key_alias = request.host_key_alias
    options.known_hosts = cast("Any", request.known_hosts)
    options.server_host_key_algs = list(request.host_key_algorithms)
    options.client_keys = request.keys or None
    options.protocol_factory = request.owner
    waiter: asyncio.Future[None] = loop.create_future()
    options.waiter = waiter

    def factory() -> TunedConnection:
        return TunedConnection(loop, options, wait="auth")

    if request.tunnel is not None:
        _, session = await request.tunnel.create_connection(
            cast("Any", factory), request.host, request.port
        )
        connection = cast("TunedConnection", session)
    elif request.sock is not None:
        _, connection = await loop.create_connection(factory, sock=request.sock)
    else:
        _, connection = await loop.create_connection(
            factory, request.host, request.port, happy_eyeballs_delay=ADDRESS_DELAY
        )
    connection.set_extra_info(host=request.host, port=request.port)
    try:
        await waiter
    except BaseException:
        connection.abort()
        await connection.wait_closed()
        raise
    return connection


async def open_session(
    connection: asyncssh.SSHClientConnection,
    process: SshProcess,
    line: str,
    stdin: bytes | Literal["open"] | None,
    window: int,
) -> None:
    """Start `line`; its input follows the request without waiting for the answer to it.

    Raises ChannelOpenError.
    """
    if not is_tuned():
        await connection.create_session(
            lambda: process, line, encoding=None, window=window, request_pty=False
        )
        process.feed(stdin)
        return
    from fleet_tui.transport.asyncssh_parts import Channel

    channel = Channel(connection, connection._loop, "replace", None, "strict", window, PACKET_SIZE)
    try:
        packet = await channel._open(b"session")
    except asyncio.CancelledError:
        channel.is_abandoned = True
        raise
    packet.check_end()
    channel._session = process
    process.connection_made(channel)
    answer: asyncio.Future[bool] = connection._loop.create_future()
    channel._request_waiters.append(answer)
    channel._send_request(b"exec", String(line), want_reply=True)
    process.feed(stdin)
    if not await answer:
        channel.close()
        raise asyncssh.ChannelOpenError(OPEN_REQUEST_SESSION_FAILED, "the command was refused")
    channel._recv_paused = False
    channel._flush_recv_buf()


async def ping(connection: asyncssh.SSHClientConnection) -> None:
    """Ask the server for a sign of life and return when it answered (OpenSSH PROTOCOL, 2.1)."""
    await connection._make_global_request(b"keepalive@openssh.com")


def heard_since(connection: asyncssh.SSHClientConnection) -> bool:
    """Return whether bytes arrived on `connection` since the last call; False if not known.

    A connection that was not heard for that long is made to hold less memory.
    """
    if not is_tuned():
        return False
    tuned = cast("TunedConnection", connection)
    if tuned.heard:
        tuned.heard = False
        return True
    tuned.rest()
    return False


def sftp_extensions(client: asyncssh.SFTPClient) -> frozenset[str]:
    """Return those of OpenSSH's `posix-rename`, `hardlink`, `fsync` that the server offered."""
    handler = cast("Any", client)._handler
    known = {
        "posix-rename": handler._supports_posix_rename,
        "hardlink": handler._supports_hardlink,
        "fsync": handler._supports_fsync,
    }
    return frozenset(name for name, is_offered in known.items() if is_offered)


def preamble_of(connection: asyncssh.SSHClientConnection) -> bytes:
    """Return what the peer sent before a version line, as far as it is known."""
    preamble: bytes = getattr(connection, "preamble", b"")
    return preamble
