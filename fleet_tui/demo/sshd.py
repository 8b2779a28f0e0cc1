"""The SSH servers of the demo, in the child process only: this module loads asyncssh."""

from __future__ import annotations

import logging
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import asyncssh

from fleet_tui.demo.host import personality
from fleet_tui.demo.machine import Machine
from fleet_tui.demo.pace import Pace
from fleet_tui.demo.session import DemoSession
from fleet_tui.demo.telling import LentPort, TellingPort

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Coroutine, Mapping

    from fleet_tui.demo.spec import DemoSpec, HostSpec

    Serve = Callable[
        [asyncssh.SSHReader[bytes], asyncssh.SSHWriter[bytes]], Coroutine[None, None, None]
    ]

_SLOW_LOGIN_SECONDS = 2.5
_SLOW_DRAG = 3.0
_WAVERING_DRAG = 1.6
"""Its work outlasts its outage, so that the output is seen to go on."""
_BACKLOG = 1024
_LOGIN_SECONDS = 60
LOOPBACK = "127.0.0.1"


class DemoHosts:
    """All machines of the demo, by login name."""

    def __init__(self, spec: DemoSpec) -> None:
        self.spec = spec
        self._machines: Mapping[str, Machine] = {
            host.name: Machine(personality(host), self._pace(host)) for host in spec.hosts
        }
        self.client_key = asyncssh.import_public_key(spec.client_key)

    def find(self, login: str, *, is_inner: bool) -> Machine | None:
        """Return the host with that login name behind this door, or None."""
        found = self._machines.get(login)
        return found if found is not None and found.host.spec.is_inner is is_inner else None

    def _pace(self, host: HostSpec) -> Pace:
        drag = _WAVERING_DRAG if host.loses_contact else 1.0
        return Pace(self.spec.speed, _SLOW_DRAG if host.mood == "slow" else drag)


class DemoServer(asyncssh.SSHServer):
    """One connection to a demo host; which one, its login name says."""

    def __init__(self, hosts: DemoHosts, *, is_inner: bool) -> None:
        self._hosts = hosts
        self._is_inner = is_inner
        self._machine: Machine | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        """Take the connection."""
        self._connection = conn

    async def begin_auth(self, username: str) -> bool:
        """Find the host; a slow one lets its visitor wait."""
        machine = self._machine = self._hosts.find(username, is_inner=self._is_inner)
        if machine is not None and machine.outage is not None:
            machine.outage.entered(self._connection)
        if machine is not None and machine.host.spec.mood == "slow":
            await Pace(self._hosts.spec.speed).wait(_SLOW_LOGIN_SECONDS)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        del exc
        if self._machine is not None and self._machine.outage is not None:
            self._machine.outage.left(self._connection)

    def public_key_auth_supported(self) -> bool:
        """Offer the one way in."""
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        """Accept the demo's own key, for a host that exists."""
        del username
        return self._machine is not None and key == self._hosts.client_key

    def session_requested(self) -> DemoSession | bool:
        """Open a session on the host."""
        return False if self._machine is None else DemoSession(self._machine)

    def server_requested(self, listen_host: str, listen_port: int) -> LentPort | bool:
        """Lend the fleet a port of the host's loopback, on this connection only."""
        if self._machine is None or listen_host != LOOPBACK or not listen_port:
            return False
        if listen_port != self._hosts.spec.broker_port:
            return TellingPort(self._connection, self._machine, listen_port)
        has_own = self._machine.host.name == self._hosts.spec.broker_host
        return False if has_own else LentPort(listen_port)

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> bool | Awaitable[asyncssh.SSHTCPSession[bytes]] | Serve:
        """Forward to a broker that is there, and through the bastion to the inner hosts."""
        del orig_host, orig_port
        spec = self._hosts.spec
        machine = self._machine
        if machine is not None and (machine.host.name, dest_port) == (
            spec.broker_host,
            spec.broker_port,
        ):
            return machine.broker.serve if dest_host == LOOPBACK else False
        if machine is None or not machine.host.spec.is_bastion or dest_host != LOOPBACK:
            return False
        if dest_port in (spec.port, spec.closed_port):
            return True
        if dest_port == spec.inner_port:
            return self._connection.forward_unix_connection(inner_socket(spec))  # type: ignore[return-value]
        return False


def inner_socket(spec: DemoSpec) -> str:
    """Return the path of the socket behind which the inner hosts are.

    The shorter of the absolute and the relative one: a socket's name holds some 100 bytes, and the
    servers run in the demo's home.
    """
    path = str(Path(spec.home) / "inner.sock")
    return min(path, os.path.relpath(path), key=len)


async def listen(spec: DemoSpec) -> list[asyncssh.SSHAcceptor]:
    """Open the doors and return them; logins that waited in the backlog are served at once."""
    logging.getLogger("asyncssh").setLevel(logging.CRITICAL)
    hosts = DemoHosts(spec)
    options = {
        "server_host_keys": [spec.host_key],
        "encoding": None,
        "gss_host": None,
        "config": None,
        "compression_algs": ["none"],
        "allow_pty": False,
        "line_editor": False,
        "password_auth": False,
        "kbdint_auth": False,
        "host_based_auth": False,
        "x11_forwarding": False,
        "agent_forwarding": False,
        "login_timeout": _LOGIN_SECONDS,
        "keepalive_interval": 0,
    }
    outer = asyncssh.SSHServerConnectionOptions(
        server_factory=lambda: DemoServer(hosts, is_inner=False), **options
    )
    inner = asyncssh.SSHServerConnectionOptions(
        server_factory=lambda: DemoServer(hosts, is_inner=True), **options
    )
    doors = [await asyncssh.listen(sock=_front_door(spec), options=outer, backlog=_BACKLOG)]
    if any(host.is_inner for host in spec.hosts):
        back = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        back.bind(inner_socket(spec))
        doors.append(await asyncssh.listen(sock=back, options=inner, backlog=_BACKLOG))
    return doors


def _front_door(spec: DemoSpec) -> socket.socket:
    if spec.listen_fd is not None:
        return socket.socket(fileno=os.dup(spec.listen_fd))
    door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    door.bind((LOOPBACK, spec.port))
    return door


async def serve(spec: DemoSpec, stopped: asyncio.Event) -> None:
    """Serve until `stopped` is set; prints `ready` once the doors are open."""
    doors = await listen(spec)
    os.write(1, b"ready\n")
    await stopped.wait()
    for door in doors:
        door.close()
