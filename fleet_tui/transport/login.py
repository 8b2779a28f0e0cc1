"""Getting one connection to one host: resolved, admitted, tunnelled, tried again when throttled."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.model.errors import Unreachable
from fleet_tui.transport.admission import Limiter, Trials
from fleet_tui.transport.backoff import Backoff
from fleet_tui.transport.ssh_config import Query, SshConfig, query_of, query_of_hop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable

    from fleet_tui.model.clock import Clock
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host
    from fleet_tui.transport.dialer import Dialer
    from fleet_tui.transport.endpoint import Endpoint
    from fleet_tui.transport.keys import Credential, Passphrase
    from fleet_tui.transport.lane import Lane
    from fleet_tui.transport.ssh import SshConnection

BASTION_LOGINS = 8
"""Logins under way at once through one jump host; its MaxStartups begins to refuse at 10."""
THROTTLE_PATIENCE = 60.0
"""Seconds for which a throttled login is tried again before the host is called unreachable."""
THROTTLE_FIRST_DELAY = 0.1
THROTTLE_LONGEST_DELAY = 5.0
PENALTY_SECONDS = 30.0
"""How long after a refused key a hang-up is taken for the server's punishment, not its load."""


@dataclass(frozen=True, slots=True)
class Address:
    """Who is to be reached: a host of the fleet, or a hop of a jump chain."""

    host: Host
    query: Query
    chain: tuple[str, ...] | None = None
    """Hops in front of it; None takes `via` or the configured ProxyJump."""


def address_of(host: Host) -> Address:
    """Return the address of a host of the fleet."""
    return Address(host, query_of(host), (host.via,) if host.via else None)


def address_of_chain(host: Host, chain: tuple[str, ...]) -> Address:
    """Return the address of the last hop of `chain`, which is reached through the others."""
    return Address(host, query_of_hop(chain[-1]), chain[:-1] or None)


@dataclass(slots=True)
class Login:
    """What one login is done with."""

    endpoint: Endpoint
    credential: Credential
    bastion: SshConnection | None
    via: str
    server: Limiter
    timeout: float

    @property
    def place(self) -> Hashable:
        """The server, as the machine in between sees it."""
        return (self.endpoint.address, self.endpoint.port, self.via)

    @property
    def trial(self) -> Hashable:
        """The credential at that server."""
        return (self.place, self.endpoint.user, self.credential.identity)


class LoginDesk:
    """Admits logins so that neither this machine, a bastion nor a server is swamped."""

    def __init__(
        self,
        config: FleetConfig,
        clock: Clock,
        bastion: Callable[[tuple[str, ...]], Awaitable[SshConnection]],
        passphrase: Passphrase | None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._bastion = bastion
        self._passphrase = passphrase
        self._ssh_config = SshConfig(config.ssh_config, config.known_hosts)
        self._fleet = Limiter(max(1, config.defaults.fanout))
        self._servers: dict[Hashable, Limiter] = {}
        self._trials = Trials()
        self._refused_at: dict[Hashable, float] = {}
        self._dialer: asyncio.Task[Dialer] | None = None

    async def log_in(self, address: Address) -> tuple[Lane, Endpoint, str]:
        """Return a logged-in lane, its endpoint, and the server's version line.

        Raises Unreachable. Configured time bounds each attempt, not the wait for a turn.
        """
        endpoint = await self._ssh_config.resolve(address.query)
        bastion, via = await self._way(address, endpoint)
        dialer = await self._get_dialer()
        credential = await dialer.credential(address.host.name, endpoint)
        server = self._limiter((endpoint.address, endpoint.port, via), via)
        timeout = endpoint.connect_timeout or self._config.defaults.connect_timeout
        login = Login(endpoint, credential, bastion, via, server, timeout)
        results: list[tuple[Lane, str]] = []

        async def attempt() -> None:
            results.append(await self._attempt(address.host, login, dialer))

        await self._trials.admit(login.trial, attempt)
        lane, version = results[-1]
        return lane, endpoint, version

    def forget_refusals(self) -> None:
        """Ask anew for passphrases that were declined or wrong."""
        if (dialer := self._ready_dialer()) is not None:
            dialer.keys.forget_refusals()

    async def close(self) -> None:
        """Close what is shared by logins."""
        if (dialer := self._ready_dialer()) is not None:
            await dialer.close()

    def _ready_dialer(self) -> Dialer | None:
        if self._dialer is None or not self._dialer.done() or self._dialer.cancelled():
            return None
        return self._dialer.result()

    def _limiter(self, place: Hashable, via: str) -> Limiter:
        """Return who admits logins at one server; those through one bastion share its limit."""
        if via:
            return self._servers.setdefault(via, Limiter(BASTION_LOGINS))
        return self._servers.setdefault(place, Limiter(max(1, self._config.defaults.fanout)))

    async def _way(self, address: Address, endpoint: Endpoint) -> tuple[SshConnection | None, str]:
        chain = address.chain if address.chain is not None else endpoint.proxy_jump
        if not chain:
            return None, ""
        try:
            async with asyncio.timeout(THROTTLE_PATIENCE + self._config.defaults.connect_timeout):
                return await self._bastion(chain), chain[-1]
        except TimeoutError:
            what = f"jump host {chain[-1]} was not reached in time"
            raise Unreachable(what, host=address.host.name, fault="jump") from None
        except Unreachable as error:
            raise Unreachable(
                f"jump host {chain[-1]}: {error.what}",
                host=address.host.name,
                fault="jump" if error.may_retry else error.fault,
                mend=error.mend,
            ) from error

    async def _attempt(self, host: Host, login: Login, dialer: Dialer) -> tuple[Lane, str]:
        backoff = Backoff(THROTTLE_FIRST_DELAY, THROTTLE_LONGEST_DELAY)
        give_up_at = self._clock.monotonic() + THROTTLE_PATIENCE
        while True:
            try:
                async with login.server.slot(), self._fleet.slot():
                    return await self._dial(host, login, dialer)
            except Unreachable as error:
                if error.fault == "auth":
                    self._refused_at[login.place] = self._clock.monotonic()
                    self._trials.doubt(login.trial)
                if error.fault != "throttled" or self._is_penalty(login):
                    raise
                if self._clock.monotonic() > give_up_at:
                    raise
            await asyncio.sleep(backoff.next())

    async def _dial(self, host: Host, login: Login, dialer: Dialer) -> tuple[Lane, str]:
        try:
            lane, attempt = await dialer.dial(
                host.name,
                login.endpoint,
                login.credential,
                timeout=login.timeout,
                tunnel=login.bastion.raw if login.bastion is not None else None,
                via=login.via,
            )
        except Unreachable as error:
            if error.fault == "throttled":
                login.server.refused()
            raise
        login.server.succeeded()
        return lane, attempt.server

    def _is_penalty(self, login: Login) -> bool:
        refused_at = self._refused_at.get(login.place)
        return refused_at is not None and (self._clock.monotonic() - refused_at < PENALTY_SECONDS)

    async def _get_dialer(self) -> Dialer:
        """Import the SSH library on first use, in a thread: it takes half a second."""
        if self._dialer is None:
            self._dialer = asyncio.create_task(self._make_dialer())
        return await asyncio.shield(self._dialer)

    async def _make_dialer(self) -> Dialer:
        dialer_class = await asyncio.to_thread(_import_dialer)
        return dialer_class(self._passphrase)


def _import_dialer() -> type[Dialer]:
    from fleet_tui.transport.dialer import Dialer

    return Dialer
