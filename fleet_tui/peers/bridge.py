"""Joins somebody's claude-peers broker on a host with ours, as far as its protocol lets us.

Its peers are listed as peers of that host, and messages to them are handed to it. Ours stand in
its list as stand-ins, so that its peers can write to them; what they write is fetched from it. It
cannot tell more: that a message was read is never known; what it handed to us counts as delivered
there at once, so that a crash of this program in that moment loses it; and while the host is out
of reach, the stand-ins are gone, with what was written to them and not fetched.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError, JournalError, Unreachable
from fleet_tui.model.peer import OPERATOR, Peer
from fleet_tui.peers.foreign import ForeignBroker, Row
from fleet_tui.peers.identity import slug
from fleet_tui.peers.stand_ins import StandIns

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.context import FleetContext
    from fleet_tui.model.peer import Message
    from fleet_tui.peers.foreign import Mail
    from fleet_tui.peers.post import Post
    from fleet_tui.peers.store import PeerStore
    from fleet_tui.transport.base import Connection

SOURCE = "bridge"
EVERY = 1.0
SAY_ALIVE_EVERY = 15.0
STAND_INS_LIMIT = 48
"""More peers are not shown to the other broker: each is a process and a poll a round."""


@dataclass(slots=True)
class _StandIn:
    pid: int
    id: str
    summary: str
    old_id: str = ""


class Bridge:
    """One host's broker, for as long as its connection lasts."""

    def __init__(
        self, context: FleetContext, store: PeerStore, post: Post, host: str, broker: ForeignBroker
    ) -> None:
        self._context = context
        self._store = store
        self._post = post
        self._host = host
        self._broker = broker
        self._keeper = StandIns()
        self._stand_ins: dict[str, _StandIn] = {}
        """By the durable name of whom it stands for."""
        self._writers: set[str] = set()
        self._listed: set[str] = set()
        """Ids in the broker's last list."""
        self._were: set[str] = set()
        """Ids that were stand-ins of ours once."""
        self._changing = asyncio.Lock()
        self._rows: dict[str, tuple[Row, float]] = {}
        self._unsaved: list[tuple[str, Mail]] = []

    async def start(self, connection: Connection) -> None:
        """Make ready to have stand-ins; raises FleetError, Unreachable."""
        await self._keeper.start(connection)

    async def round(self) -> bool:
        """Compare both lists and fetch what came; True when a peer came or went."""
        async with self._changing:
            rows = await self._broker.peers()
            await self._stand_for(rows)
        has_changed = self._take([row for row in rows if row.id not in self._were])
        await self._fetch()
        return has_changed

    async def hand(self, peer: Peer, message: Message) -> None:
        """Hand a message to the broker; raises FleetError."""
        sender = await self._sender(message.sender)
        again = f"(sent again, id {message.id}) " if message.attempts else ""
        await self._broker.send(sender, peer.client, again + message.text)

    async def end(self) -> None:
        """Take the stand-ins back, and say of the broker's peers that they are out of reach."""
        with contextlib.suppress(FleetError):
            for stand_in in self._stand_ins.values():
                await self._broker.unregister(stand_in.id)
        self._keeper.close()
        self._take([])

    def _take(self, rows: list[Row]) -> bool:
        now = self._context.clock.time()
        before, self._rows = self._rows, {}
        were = before.keys() | set()
        for row in rows:
            known = before.pop(row.id, None)
            if known is not None and known[0] == row and now - known[1] < SAY_ALIVE_EVERY:
                self._rows[row.id] = known
                continue
            self._rows[row.id] = (row, now)
            label = slug(row.cwd.rstrip("/").rpartition("/")[2], 24) or "peer"
            peer = Peer(
                name=f"{label}-{row.id[:4].lower()}@{self._host}",
                generation=1,
                host=self._host,
                kind="client",
                cwd=row.cwd,
                root=row.root,
                summary=row.summary,
                source=SOURCE,
                seen_at=now,
                pid=row.pid,
                client=row.id,
            )
            identity = f"{SOURCE}:{self._host}:{row.pid}"
            self._store.put_peer(peer, identity=identity, incarnation=row.id)
        for identifier in before:
            if (gone := self._store.by_client(identifier)) is not None:
                self._store.set_peer(gone.name, state="gone", seen_at=now)
        return self._rows.keys() != were

    async def _sender(self, name: str) -> str:
        """Return the id under which a sender can be answered there, its name if it cannot be."""
        theirs = self._store.peer(name)
        if theirs is not None and theirs.source == SOURCE and theirs.host == self._host:
            return theirs.client
        self._writers.add(name)
        if name not in self._stand_ins and (theirs is not None or name == OPERATOR):
            async with self._changing:
                if name not in self._stand_ins:
                    await self._make(name, *_about(name, theirs))
        stand_in = self._stand_ins.get(name)
        return stand_in.id if stand_in is not None else name

    async def _stand_for(self, rows: list[Row]) -> None:
        """Have a stand-in for the operator and each live peer that the broker does not know."""
        there = {row.id for row in rows}
        wanted = self._wanted({row.pid for row in rows})
        for name in self._stand_ins.keys() - wanted.keys():
            stand_in = self._stand_ins.pop(name)
            await self._broker.unregister(stand_in.id)
            await self._keeper.end(stand_in.pid)
        for name, (cwd, summary) in wanted.items():
            known = self._stand_ins.get(name)
            if known is None:
                await self._make(name, cwd, summary)
            elif known.id not in there and known.id in self._listed:
                # It was forgotten, its mail perhaps was not: the old id is polled once more.
                await self._make(name, cwd, summary, known.id)
                await self._keeper.end(known.pid)
            elif known.summary != summary:
                await self._broker.set_summary(known.id, summary)
                known.summary = summary
        self._listed = there

    def _wanted(self, pids: set[int]) -> dict[str, tuple[str, str]]:
        """Return who is to have a stand-in, with folder and summary; who wrote comes first."""
        wanted = {OPERATOR: _about(OPERATOR, None)}
        for peer in sorted(self._store.peers(), key=lambda peer: peer.name not in self._writers):
            is_there = peer.host == self._host and (peer.source == SOURCE or peer.pid in pids)
            if peer.is_live and peer.kind != "operator" and not is_there:
                wanted.setdefault(peer.name, _about(peer.name, peer))
            if len(wanted) > STAND_INS_LIMIT:
                break
        return wanted

    async def _make(self, name: str, cwd: str, summary: str, old_id: str = "") -> None:
        pid = await self._keeper.new()
        identifier = await self._broker.register(pid, cwd, summary)
        self._stand_ins[name] = _StandIn(pid, identifier, summary, old_id)
        self._were.add(identifier)

    async def _fetch(self) -> None:
        """Take in what was written to stand-ins; what cannot be kept now is tried again."""
        for name, stand_in in tuple(self._stand_ins.items()):
            if stand_in.old_id:
                old, stand_in.old_id = stand_in.old_id, ""
                self._unsaved += [(name, mail) for mail in await self._broker.poll(old)]
            self._unsaved += [(name, mail) for mail in await self._broker.poll(stand_in.id)]
            await self._save()

    async def _save(self) -> None:
        while self._unsaved:
            to, mail = self._unsaved[0]
            sender = self._store.by_client(mail.sender)
            is_theirs = sender is not None and sender.host == self._host
            unknown = f"{slug(mail.sender, 24) or 'somebody'}@{self._host}"
            name = sender.name if sender is not None and is_theirs else unknown
            try:
                await self._post.send_many(name, [to], mail.text)
            except JournalError:
                raise
            except FleetError as error:
                what = f"a message of {name} to {to} was not taken in: {error}"
                key = f"peers/bridge/{self._host}"
                self._context.notice(key, "warning", "peers-bridge", self._host, what)
            self._unsaved.pop(0)


def _about(name: str, peer: Peer | None) -> tuple[str, str]:
    """Return the folder and the summary with which a peer of ours is shown there."""
    if peer is None:
        return "/", f"[{name}] the person who leads the fleet"
    return peer.cwd or "/", f"[{peer.name}, {peer.state}] {peer.summary}".rstrip()


class Bridges:
    """All hosts whose port is taken by a claude-peers broker of their own."""

    def __init__(
        self,
        context: FleetContext,
        store: PeerStore,
        post: Post,
        port: int,
        changed: Callable[[], None],
    ) -> None:
        self._context = context
        self._store = store
        self._post = post
        self._port = port
        self._changed = changed
        self.open: dict[str, Bridge] = {}

    async def serve(self, connection: Connection) -> bool:
        """Bridge the host's own broker until one of both is gone; False when there is none.

        Raises Unreachable.
        """
        host = connection.host.name
        async with connection.forward_local("127.0.0.1", self._port) as port:
            broker = ForeignBroker(host, port)
            if not await broker.is_there():
                broker.close()
                return False
            bridge = Bridge(self._context, self._store, self._post, host, broker)
            try:
                await bridge.start(connection)
                self.open[host] = bridge
                while connection.is_open:
                    if await bridge.round():
                        self._changed()
                    await asyncio.sleep(EVERY)
            except Unreachable:
                raise
            except FleetError as error:
                key = f"peers/bridge/{host}"
                self._context.notice(key, "warning", "peers-bridge", host, str(error))
            finally:
                self.open.pop(host, None)
                await bridge.end()
                broker.close()
                self._changed()
        return True
