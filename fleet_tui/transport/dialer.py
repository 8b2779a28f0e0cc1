"""One login from beginning to end: configuration, known hosts, keys, connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncssh

from fleet_tui.model.text import one_line
from fleet_tui.transport.asyncssh_seams import LoginRequest, open_connection, preamble_of
from fleet_tui.transport.attempt import Attempt
from fleet_tui.transport.keys import KeyRing
from fleet_tui.transport.known_hosts import KnownHosts, fingerprint
from fleet_tui.transport.lane import Lane
from fleet_tui.transport.proxy_command import ProxyCommand
from fleet_tui.transport.ssh_errors import map_ssh_errors
from fleet_tui.transport.ssh_options import base_options, trust_from

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.transport.endpoint import Endpoint
    from fleet_tui.transport.keys import Credential, Passphrase

_BANNER_LINES = 20
_PROXY_GRACE = 2.0
"""Seconds a proxy command is waited for when all is closed."""


class Owner(asyncssh.SSHClient):
    """Listens to one connection: notes how far the login came, and tells when it is lost."""

    def __init__(self, attempt: Attempt, on_lost: Callable[[Exception | None], None]) -> None:
        self._attempt = attempt
        self._on_lost = on_lost
        self._connection: asyncssh.SSHClientConnection | None = None

    def connection_made(self, conn: asyncssh.SSHClientConnection) -> None:
        """TCP is up."""
        self._connection = conn
        self._attempt.phase = "connected"

    def begin_auth(self, username: str) -> None:
        """The key exchange is done."""
        self._greeted()

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Note a key that known_hosts does not have. It is never accepted here."""
        self._note(key)
        return False

    def validate_host_ca_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Note an authority that known_hosts does not have. It is never accepted here."""
        self._note(key)
        return False

    def auth_banner_received(self, msg: str, lang: str) -> None:
        """Keep the first lines of what the server says before login."""
        if len(self._attempt.banner) < _BANNER_LINES:
            self._attempt.banner.append(one_line(msg))

    def auth_completed(self) -> None:
        """We are in."""
        self._greeted()
        self._attempt.phase = "authenticated"

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        if self._attempt.phase == "connected":
            self._greeted()
        self._on_lost(exc)

    def _greeted(self) -> None:
        if self._connection is None:
            return
        self._attempt.preamble = preamble_of(self._connection)
        version = self._connection.get_extra_info("server_version", "")
        if version:
            self._attempt.server = one_line(str(version), 80)
            self._attempt.phase = "greeted"

    def _note(self, key: asyncssh.SSHKey) -> None:
        self._greeted()
        self._attempt.presented_kind = key.algorithm.decode("ascii", "replace")
        self._attempt.presented_fingerprint = fingerprint(key.public_data)


class Dialer:
    """Opens logged-in connections; keys and known hosts are shared by all of them."""

    def __init__(self, passphrase: Passphrase | None = None) -> None:
        self.keys = KeyRing(passphrase)
        self.known_hosts = KnownHosts()
        self._ending: set[asyncio.Task[None]] = set()
        """Proxy commands on their way out."""

    async def close(self) -> None:
        """Let go of the agents, and give proxy commands a moment to end."""
        if self._ending:
            await asyncio.wait(self._ending, timeout=_PROXY_GRACE)
        await self.keys.close()

    async def credential(self, host: str, endpoint: Endpoint) -> Credential:
        """Return what would be offered at `endpoint`; raises Unreachable."""
        with map_ssh_errors(host, Attempt(endpoint)):
            return await self.keys.credential(endpoint)

    async def dial(
        self,
        host: str,
        endpoint: Endpoint,
        credential: Credential,
        *,
        timeout: float,
        tunnel: asyncssh.SSHClientConnection | None = None,
        via: str = "",
    ) -> tuple[Lane, Attempt]:
        """Log in within `timeout` seconds; raises Unreachable."""
        lane = Lane()
        attempt = Attempt(
            endpoint,
            offered_keys=len(credential.keys),
            notes=credential.notes,
            encrypted=credential.encrypted,
            via=via,
        )
        attempt.known = await self.known_hosts.lookup(
            endpoint.known_hosts_name, endpoint.known_hosts
        )
        with map_ssh_errors(host, attempt):
            try:
                async with asyncio.timeout(timeout):
                    lane.connection = await self._open(attempt, credential, lane.was_lost, tunnel)
            except (asyncssh.PermissionDenied, asyncssh.ProtocolError):
                self.keys.forget_agents()
                raise
        return lane, attempt

    async def _open(
        self,
        attempt: Attempt,
        credential: Credential,
        on_lost: Callable[[Exception | None], None],
        tunnel: asyncssh.SSHClientConnection | None,
    ) -> asyncssh.SSHClientConnection:
        endpoint = attempt.endpoint
        assert attempt.known is not None
        trust = trust_from(attempt.known, endpoint)
        proxy = None
        if endpoint.proxy_command is not None and tunnel is None:
            proxy = await ProxyCommand.start(endpoint.proxy_command)

        def lost(error: Exception | None) -> None:
            nonlocal proxy
            if proxy is not None:
                self._see_off(proxy)
                proxy = None
            on_lost(error)

        request = LoginRequest(
            host=endpoint.address,
            port=endpoint.port,
            options=base_options(endpoint.user, endpoint.extra_algorithms),
            host_key_alias=endpoint.host_key_alias,
            trusted=trust.trusted,
            authorities=trust.authorities,
            revoked=trust.revoked,
            host_key_algorithms=trust.algorithms,
            keys=credential.fresh_keys(),
            owner=lambda: Owner(attempt, lost),
            tunnel=tunnel,
            sock=proxy.socket if proxy is not None else None,
        )
        try:
            return await open_connection(request)
        except BaseException:
            lost(None)
            raise

    def _see_off(self, proxy: ProxyCommand) -> None:
        task = asyncio.get_running_loop().create_task(proxy.end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
