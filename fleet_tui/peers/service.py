"""The part of the fleet that knows its agent sessions and carries what they say to each other."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import TYPE_CHECKING

from fleet_tui.journal import LogEntry
from fleet_tui.model.errors import FleetError
from fleet_tui.model.events import PartChanged
from fleet_tui.model.peer import OPERATOR, Peer, account
from fleet_tui.model.peers_view import PeersView
from fleet_tui.peers.bridge import Bridges
from fleet_tui.peers.broker import Broker, digest
from fleet_tui.peers.carriers import (
    BridgeCarrier,
    Carrier,
    FileCarrier,
    NatsCarrier,
    ResumeCarrier,
    SocketCarrier,
    StdinCarrier,
)
from fleet_tui.peers.conference import Conferences, writable
from fleet_tui.peers.courier import Courier
from fleet_tui.peers.doors import Doors
from fleet_tui.peers.lookout import Lookout
from fleet_tui.peers.nats_post import NatsPost, make_nats_post
from fleet_tui.peers.own_api import OwnApi
from fleet_tui.peers.post import Post
from fleet_tui.peers.reservations import Reservations
from fleet_tui.peers.settings import peers_settings
from fleet_tui.peers.store import PeerStore
from fleet_tui.transport.loopback_http import HttpServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.context import FleetContext
    from fleet_tui.model.peer import Accounting, Message, Scope, Urgency
    from fleet_tui.transport.loopback_http import HttpAnswer, HttpRequest, Refusal

PUBLISH_EVERY = 0.1
SHARE = 20
"""So many times what the picture took to make passes before it is made again."""
LOOK_EVERY = 15.0
SHOWN_MESSAGES = 400
FORGET_AFTER = 7 * 86_400.0


class PeerService:
    """All that faces and other parts may do with peers; belongs to the fleet's loop."""

    def __init__(self, context: FleetContext) -> None:
        self._context = context
        self.settings = peers_settings(context.config)
        self.store = PeerStore(context.data_dir, only_looks=bool(context.why_not_kept))
        self.here = here_of(context)
        self._wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._is_dirty = asyncio.Event()
        self.post = Post(context, self.store, self._kick, self._changed)
        self.lookout = Lookout(context, self.store, self.settings, self.post)
        self.reservations = Reservations(context, self.store, self._changed)
        self.conferences = Conferences(context, self.store, self.post)
        port = self.settings.broker_port
        self.bridges = Bridges(context, self.store, self.post, port, self._kick)
        self.nats = self._nats_post()
        carriers: tuple[Carrier, ...] = (
            StdinCarrier(context),
            SocketCarrier(context),
            BridgeCarrier(self.bridges),
            FileCarrier(context, self.settings),
            ResumeCarrier(context),
        )
        if self.nats is not None:
            carriers = (NatsCarrier(self.nats), *carriers)
        owner = context.owner or context.new_id("o")
        self.courier = Courier(context, self.store, carriers, self.post, self._changed, owner)
        self._server = HttpServer(self._handle, self._refused)
        self.doors = Doors(context, self.settings, self._server, self.bridges, self._changed)
        own = OwnApi(
            context,
            self.store,
            self.post,
            self.reservations,
            digest,
            self.doors.key_of,
            self._changed,
        )
        self._broker = Broker(context, self.store, self.post, own, self._changed)
        self._broker_says = ""

    def _nats_post(self) -> NatsPost | None:
        """Return the way to other fleets, None when none is wanted or none can be had."""
        settings = self.settings
        if settings.nats_url is None:
            return None
        try:
            return make_nats_post(
                self._context,
                self.store,
                self.post,
                self._kick,
                url=settings.nats_url,
                login=settings.login,
                fleet=settings.fleet or self.here,
            )
        except FleetError as error:
            self._context.notice("peers/nats", "warning", "peers-nats", "fleet", str(error))
            return None

    async def start(self) -> None:
        """Look for sessions, carry messages and open the broker, until closed.

        Where nothing can be written down it only looks.
        """
        if self._tasks:
            return
        if self._context.why_not_kept:
            self._tasks = [
                asyncio.create_task(self._publish_forever()),
                asyncio.create_task(self._look_forever()),
            ]
            self._changed()
            return
        self._tasks = [
            asyncio.create_task(self._publish_forever()),
            asyncio.create_task(self._look_forever()),
            asyncio.create_task(self._carry_forever()),
        ]
        if self.nats is not None:
            self.nats.start()
        if self.settings.has_broker:
            await self.open_broker()
        self._changed()

    async def open_broker(self) -> None:
        """Open the broker; where it cannot, that is a notice and all else goes on."""
        try:
            await self.doors.open(self.here)
        except FleetError as error:
            self._broker_says = error.what
            self._context.notice("peers/broker", "warning", "peers-broker", "fleet", str(error))
            return
        self._context.spawn(self._leave_key_here())

    async def _leave_key_here(self) -> None:
        with contextlib.suppress(KeyError):
            self._context.config.host(self.here)
            try:
                connection = await self._context.pool.connection(self.here)
                await self.doors.leave_key(connection, self.here)
            except (FleetError, TimeoutError) as error:
                self._context.notice("peers/key", "warning", "peers-door", self.here, str(error))

    async def close(self) -> None:
        """End what runs by itself and close the store."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.nats is not None:
            await self.nats.close()
        await self.doors.close()
        await self._server.close()
        self.store.close()

    # --- what can be asked ------------------------------------------------------------------

    async def refresh(self, hosts: Sequence[str] | None = None) -> int:
        """Look for sessions now; returns how many live peers are known."""
        await self.lookout.look(hosts, ask_agents=True)
        self._changed()
        return sum(peer.is_live and peer.kind != "operator" for peer in self.store.peers())

    async def broadcast(self, scope: Scope, text: str, urgency: Urgency = "normal") -> str:
        """Write to all live peers of a scope as the operator; returns the broadcast's id."""
        names = writable(self.store, scope)
        batch = self._context.new_id("b")
        await self.post.send_many(OPERATOR, names, text, urgency=urgency, batch=batch)
        return batch

    def accounting(self, batch: str) -> Accounting:
        """Count what became of a broadcast."""
        messages = self.store.messages("batch = ?", batch)
        live = frozenset(peer.name for peer in self.store.peers() if peer.is_live)
        return account(batch, messages, live)

    def conversation(self, peer: str, limit: int = 500) -> tuple[Message, ...]:
        """Return what was said from and to a peer, oldest first, and count it as read."""
        self.store.read_by_operator(peer)
        self._changed()
        return tuple(
            self.store.messages("sender = ? OR recipient = ?", peer, peer, limit=limit, newest=True)
        )

    def search(self, text: str, limit: int = 200) -> tuple[Message, ...]:
        """Return messages that hold a text or are from or to such a name, newest first."""
        like = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        found = self.store.messages(
            "text LIKE ? ESCAPE '\\' OR sender LIKE ? ESCAPE '\\' OR recipient LIKE ? ESCAPE '\\'",
            like,
            like,
            like,
            limit=limit,
            newest=True,
        )
        return tuple(found[::-1])

    async def carry(self) -> float:
        """Do once what is due of handing over and proving; returns when to come back, seconds."""
        return LOOK_EVERY if self._context.why_not_kept else await self.courier.work()

    def view(self) -> PeersView:
        """Return the newest picture."""
        return PeersView(
            peers=tuple(peer for peer in self.store.peers() if _is_shown(peer)),
            messages=tuple(self.store.messages("1", limit=SHOWN_MESSAGES, newest=True)),
            reservations=self.reservations.open(),
            conferences=self.conferences.views(),
            broker=self._broker_line(),
            looked_at=self.lookout.looked_at,
        )

    def _broker_line(self) -> str:
        if not self.settings.has_broker:
            return ""
        if self._broker_says:
            return self._broker_says
        port, reached = self.settings.broker_port, len(self.doors.reached)
        line = f"port {port}, open to {reached} of {len(self._context.config.hosts)} hosts"
        if self.bridges.open:
            line += f", bridged to the own broker of {', '.join(sorted(self.bridges.open))}"
        return line

    # --- by itself --------------------------------------------------------------------------

    async def _look_forever(self) -> None:
        rounds = 0
        while True:
            try:
                await self.lookout.look(None, ask_agents=rounds % 4 == 0, only_up=True)
                self.store.forget(self._context.clock.time() - FORGET_AFTER)
            except FleetError as error:
                self._stumbled("look for sessions", error)
            self._changed()
            self._kick()
            rounds += 1
            await asyncio.sleep(LOOK_EVERY if rounds > 2 else 3.0)

    async def _carry_forever(self) -> None:
        while True:
            pause = LOOK_EVERY
            try:
                pause = await self.courier.work()
            except FleetError as error:
                self._stumbled("carry messages", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            self._wake.clear()

    async def _publish_forever(self) -> None:
        while True:
            await self._is_dirty.wait()
            self._is_dirty.clear()
            begun = time.perf_counter()
            try:
                self._context.bus.publish(PartChanged(self.view()))
            except FleetError as error:
                self._stumbled("show the peers", error)
            took = time.perf_counter() - begun
            await asyncio.sleep(max(PUBLISH_EVERY, SHARE * took))

    def _stumbled(self, doing: str, error: FleetError) -> None:
        """Tell what went wrong; the next round may do better."""
        text = f"could not {doing}: {error}"
        self._context.notice(f"peers/{doing}", "error", "peers-failed", "fleet", text)

    def _changed(self) -> None:
        self._is_dirty.set()

    def _kick(self) -> None:
        self._wake.set()
        self._is_dirty.set()

    async def _handle(self, request: HttpRequest) -> HttpAnswer:
        return await self._broker.handle(request)

    def _refused(self, door: str, refusal: Refusal) -> None:
        """Note a request that was turned away; floods of them are one notice with a count."""
        if refusal.status in (400, 404, 415, 500):
            return
        self._context.spawn(self._log_refused(door, refusal))
        text = f"a request to the broker was refused: {refusal.why}"
        self._context.notice(f"peers/refused/{door}", "warning", "peers-refused", door, text)

    async def _log_refused(self, door: str, refusal: Refusal) -> None:
        fields: dict[str, str | int | float | None] = {
            "kind": "broker",
            "host": door,
            "why": refusal.why,
            "by": self._context.by,
            "epoch": self._context.epoch(),
        }
        await self._context.log.append([LogEntry("refused", fields)], durable=False)


def here_of(context: FleetContext) -> str:
    """Return how this machine is called: its entry in the configuration, or its own name."""
    for host in context.config.hosts:
        if host.connection == "local":
            return host.name
    return socket.gethostname().partition(".")[0]


def _is_shown(peer: Peer) -> bool:
    return peer.kind != "operator"
