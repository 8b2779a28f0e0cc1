"""Looks for sessions on the hosts again and again, and for lines on the file bus."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError
from fleet_tui.model.peer import OPERATOR, Peer
from fleet_tui.peers import bus
from fleet_tui.peers.broker import LIVE_SECONDS
from fleet_tui.peers.discovery import SOURCES, look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.context import FleetContext
    from fleet_tui.peers.discovery import Sighting
    from fleet_tui.peers.post import Post
    from fleet_tui.peers.settings import PeersSettings
    from fleet_tui.peers.store import PeerStore

HOSTS_AT_ONCE = 8


class Lookout:
    """Asks hosts and takes what they say into the store."""

    def __init__(
        self, context: FleetContext, store: PeerStore, settings: PeersSettings, post: Post
    ) -> None:
        self._context = context
        self._store = store
        self._settings = settings
        self._post = post
        self._at_once = asyncio.Semaphore(HOSTS_AT_ONCE)
        self.looked_at = 0.0
        self.failures: dict[str, str] = {}
        """Hosts that could not be asked, and why."""

    async def look(
        self, hosts: Sequence[str] | None, *, ask_agents: bool, only_up: bool = False
    ) -> None:
        """Ask these hosts, or all; one that cannot be asked keeps what was known of it."""
        names = [h.name for h in self._context.config.hosts if h.shell == "posix"]
        chosen = [name for name in names if hosts is None or name in hosts]
        if only_up:
            chosen = [n for n in chosen if self._context.pool.status(n).state == "up"]
        await asyncio.gather(*(self._one(name, ask_agents) for name in chosen))
        self._end_silent_clients()
        self.looked_at = self._context.clock.time()

    async def _one(self, host: str, ask_agents: bool) -> None:
        async with self._at_once:
            try:
                connection = await self._context.pool.connection(host)
                now = self._context.clock.time()
                pinned = self._context.config.host(host).agent_paths.get("claude", "")
                found = await look(connection, now, ask_agent=ask_agents, agent_path=pinned)
                self._store.mark_gone(
                    host, SOURCES, [self._take(sighting).name for sighting in found], now
                )
                if self._settings.bus is not None:
                    await self._read_bus(host)
            except TimeoutError:
                self.failures[host] = "it took too long"
            except FleetError as error:
                self.failures[host] = error.what
            else:
                self.failures.pop(host, None)

    def _take(self, sighting: Sighting) -> Peer:
        run = self._run_of(sighting.peer.session)
        before = self._store.by_identity(sighting.identity)
        peer = replace(sighting.peer, run=sighting.peer.run or run)
        kept = self._store.put_peer(
            peer, identity=sighting.identity, incarnation=sighting.incarnation
        )
        is_back = before is None or before.generation != kept.generation or not before.is_live
        is_free = before is not None and before.state == "working" and kept.state != "working"
        if is_back or is_free:
            self._store.wake(kept.name)
        return kept

    def _run_of(self, session: str) -> str:
        """Return the open run of ours that a session is."""
        if not session:
            return ""
        for item in self._context.store.open_runs():
            if item.run.session == session:
                return item.run.id
        return ""

    def _end_silent_clients(self) -> None:
        now = self._context.clock.time()
        for peer in self._store.peers():
            if peer.kind == "client" and peer.is_live and now - peer.seen_at > LIVE_SECONDS:
                self._store.set_peer(peer.name, state="gone")

    async def _read_bus(self, host: str) -> None:
        """Take in who has an inbox on a host, and what stands in the operator's."""
        assert self._settings.bus is not None
        connection = await self._context.pool.connection(host)
        now = self._context.clock.time()
        for name in await bus.inboxes(connection, self._settings.bus):
            if name != OPERATOR:
                self._store.put_peer(
                    Peer(f"{name}@{host}", 1, host, "file", source="inbox", seen_at=now),
                    identity=f"file:{host}:{name}",
                    incarnation="inbox",
                )
        if self._context.why_not_kept:
            return  # what stands there stays there
        lines, size = await bus.take(connection, self._settings.bus, OPERATOR)
        for line in lines:
            await self._post.send(f"{line.sender}@{host}", OPERATOR, line.text or line.kind)
        if size:
            await bus.taken(connection, self._settings.bus, OPERATOR, size)
