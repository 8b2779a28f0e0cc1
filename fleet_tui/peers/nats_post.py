"""Carries messages between fleets over a NATS server, at least once, taken in once by their id.

A message keeps its id from fleet to fleet: one that comes again is known by it. What becomes of it
there (seen, replied, undeliverable) comes back as a receipt, and is shown as what that fleet says.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleet_tui.model.errors import FleetError, JournalError, Refused, UsageError
from fleet_tui.model.peer import MESSAGE_ID, OPERATOR, URGENCIES, Peer
from fleet_tui.model.text import one_line, sanitize
from fleet_tui.peers.post import BY_A_PERSON

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.context import FleetContext
    from fleet_tui.model.peer import Message, Rung, Urgency
    from fleet_tui.peers.nats_link import NatsLink
    from fleet_tui.peers.post import Post
    from fleet_tui.peers.store import PeerStore

SOURCE = "nats"
ANNOUNCE_EVERY = 10.0
FETCH_SECONDS = 1.0
RECEIPTS_EVERY = 0.5
RETRY_SECONDS = 5.0
SHOWN_LIMIT = 500
_TOLD: tuple[Rung, ...] = ("seen", "replied", "unknown", "undeliverable")


class NatsPost:
    """One fleet's side; belongs to the fleet's loop."""

    def __init__(
        self,
        context: FleetContext,
        store: PeerStore,
        post: Post,
        link: NatsLink,
        fleet: str,
        changed: Callable[[], None],
    ) -> None:
        self._context = context
        self._store = store
        self._post = post
        self._link = link
        self._fleet = fleet
        self._changed = changed
        self._tasks: list[asyncio.Task[None]] = []
        self._is_ready = False

    @property
    def is_open(self) -> bool:
        """True while messages can be left with the server."""
        return self._is_ready and self._link.is_open

    def start(self) -> None:
        """Connect, and go on until closed."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._run())]

    async def close(self) -> None:
        """End it; what was not acknowledged comes again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._link.close()

    async def hand(self, peer: Peer, message: Message) -> None:
        """Leave a message with the server for a peer of another fleet; raises FleetError."""
        sender = self._store.peer(message.sender)
        if sender is not None and sender.source == SOURCE:
            raise Refused("a message of another fleet is not passed on to a third")
        said = {
            "kind": "message",
            "fleet": self._fleet,
            "id": message.id,
            "sender": message.sender,
            "to": peer.client,
            "text": message.text,
            "urgency": message.urgency,
            "reply_to": message.reply_to,
            "hops": message.hops,
        }
        await self._link.mail(peer.host, message.id, said)

    # --- by itself --------------------------------------------------------------------------

    async def _run(self) -> None:
        while not self._is_ready:
            try:
                await self._link.open(self._heard)
                self._is_ready = True
            except FleetError as error:
                self._notice(error)
                await asyncio.sleep(RETRY_SECONDS)
        works = (self._announce, self._receive, self._tell)
        await asyncio.gather(*(self._forever(work) for work in works))

    async def _forever(self, work: Callable[[], Any]) -> None:
        while True:
            try:
                await work()
            except FleetError as error:
                self._notice(error)
                await asyncio.sleep(RETRY_SECONDS)

    def _notice(self, error: FleetError) -> None:
        self._context.notice("peers/nats", "warning", "peers-nats", "fleet", str(error))

    async def _announce(self) -> None:
        await self._link.announce({"fleet": self._fleet, "peers": self._here()})
        await asyncio.sleep(ANNOUNCE_EVERY)

    def _here(self) -> list[dict[str, Any]]:
        shown = [{"name": OPERATOR, "cwd": "", "summary": "leads that fleet", "repo": ""}]
        for peer in self._store.peers():
            if peer.is_live and peer.source != SOURCE and peer.kind != "operator":
                about = f"[{peer.kind}, {peer.state}] {peer.summary}".rstrip()
                cwd, summary = peer.cwd[:400], about[:200]  # all of them must fit one message
                shown.append({"name": peer.name, "cwd": cwd, "summary": summary, "repo": peer.repo})
        return shown[:SHOWN_LIMIT]

    async def _heard(self, said: Any) -> None:
        """Take in who is at another fleet; those that it no longer names are gone."""
        if not isinstance(said, dict) or not isinstance(said.get("peers"), list):
            return
        fleet = one_line(str(said.get("fleet", "")), 60)
        if not fleet or fleet == self._fleet:
            return
        items = said["peers"][:SHOWN_LIMIT]
        named = [item for item in items if isinstance(item, dict) and item.get("name")]
        names = [self._take_peer(fleet, item).name for item in named]
        self._store.mark_gone(fleet, (SOURCE,), names, self._context.clock.time())
        self._changed()

    def _take_peer(self, fleet: str, item: dict[str, Any]) -> Peer:
        there = one_line(str(item["name"]), 120)
        peer = Peer(
            name=f"{there.replace('@', '.')}@{fleet}",
            generation=1,
            host=fleet,
            kind="client",
            cwd=one_line(str(item.get("cwd") or ""), 4000),
            repo=one_line(str(item.get("repo") or ""), 200),
            summary=one_line(str(item.get("summary") or ""), 1000),
            source=SOURCE,
            seen_at=self._context.clock.time(),
            client=there,
        )
        return self._store.put_peer(peer, identity=f"{SOURCE}:{fleet}:{there}", incarnation=SOURCE)

    # --- receiving --------------------------------------------------------------------------

    async def _receive(self) -> None:
        for said, message in await self._link.fetch(FETCH_SECONDS):
            if isinstance(said, dict):
                try:
                    await self._take(said)
                except JournalError:
                    raise  # not acknowledged: it comes again
                except FleetError as error:
                    self._notice(error)
            await self._link.acknowledge(message)

    async def _take(self, said: dict[str, Any]) -> None:
        identifier, fleet = str(said.get("id", "")), one_line(str(said.get("fleet", "")), 60)
        if not MESSAGE_ID.fullmatch(identifier) or not fleet:
            raise UsageError("what came over NATS is no message", where="[peers] url")
        if said.get("kind") == "receipt":
            self._take_receipt(fleet, identifier, said)
            return
        if self._store.message(identifier) is not None:
            return
        try:
            await self._take_message(fleet, identifier, said)
        except JournalError:
            raise
        except FleetError as error:
            await self._receipt(fleet, identifier, "undeliverable", str(error))

    async def _take_message(self, fleet: str, identifier: str, said: dict[str, Any]) -> None:
        word = str(said.get("sender", ""))
        sender = self._store.by_identity(f"{SOURCE}:{fleet}:{word}")
        if sender is None:
            sender = self._take_peer(fleet, {"name": word or "somebody"})
        to = one_line(str(said.get("to", "")), 120)
        recipient = self._store.peer(to)
        if to != OPERATOR and (recipient is None or recipient.source == SOURCE):
            raise UsageError(f"no peer is called {to!r}", where=self._fleet)
        hops, urgency = said.get("hops"), said.get("urgency")
        known: Urgency = urgency if urgency in URGENCIES else "normal"
        reply_to = str(said.get("reply_to") or "")
        parent = self._store.message(reply_to) if reply_to else None
        # Noted first: after a crash in between, the receipt is still owed.
        self._store.owe_receipt(identifier, fleet)
        await self._post.send_many(
            sender.name,
            [to],
            sanitize(str(said.get("text", ""))),
            urgency=known,
            reply_to=reply_to if parent is not None and parent.recipient == sender.name else "",
            identifier=identifier,
            hops=BY_A_PERSON if word == OPERATOR else hops if isinstance(hops, int) else 0,
        )

    def _take_receipt(self, fleet: str, identifier: str, said: dict[str, Any]) -> None:
        message = self._store.message(identifier)
        peer = self._store.peer(message.recipient) if message else None
        rung = said.get("rung")
        if peer is None or peer.source != SOURCE or peer.host != fleet or rung not in _TOLD:
            return
        detail = f"{fleet} says: {one_line(str(said.get('detail', '')), 300) or rung}"
        now = self._context.clock.time()
        # That it is unknown there changes nothing here: that fleet goes on trying.
        if rung in ("seen", "replied"):
            self._store.climb(identifier, rung, seen_at=now, detail=detail)
        elif rung == "undeliverable":
            self._store.climb(identifier, rung, detail=detail)
        self._changed()

    # --- receipts ---------------------------------------------------------------------------

    async def _tell(self) -> None:
        """Tell other fleets what became of their messages."""
        for identifier, fleet, rung, detail in self._store.owed_receipts():
            if rung in _TOLD:
                await self._receipt(fleet, identifier, rung, detail)
            self._store.gave_receipt(identifier, rung)
        await asyncio.sleep(RECEIPTS_EVERY)

    async def _receipt(self, fleet: str, identifier: str, rung: Rung, detail: str) -> None:
        said = {"kind": "receipt", "fleet": self._fleet, "id": identifier, "rung": rung}
        await self._link.mail(fleet, f"{identifier}.{rung}", {**said, "detail": detail})


def make_nats_post(
    context: FleetContext,
    store: PeerStore,
    post: Post,
    changed: Callable[[], None],
    *,
    url: str,
    login: str | None,
    fleet: str,
) -> NatsPost:
    """Return the carrier that `[peers] carrier = "nats"` asks for; raises FleetError."""
    try:
        from fleet_tui.peers.nats_link import NatsLink
    except ImportError as error:
        raise FleetError(
            'carrier = "nats" needs the nats extra',
            where="[peers] carrier",
            mend="install it with `pip install 'fleet-tui[nats]'`",
        ) from error
    path = None
    if login:
        path = Path(login).expanduser()
        if not path.is_absolute() and context.config.path:
            path = context.config.path.parent / path
    return NatsPost(context, store, post, NatsLink(url, fleet, path), fleet, changed)
