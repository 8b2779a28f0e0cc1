"""Answers the claude-peers protocol, so that its unmodified clients see peers of every machine.

The protocol is that of claude-peers-mcp (bare JSON over POST; errors of a send come with status
200). What it has not is added beside it: a client with a bearer token is bound to its own name, a
client without one to the host it came from, and mail outlives its reader.
"""

from __future__ import annotations

import hashlib
import secrets
import string
from typing import TYPE_CHECKING, Any

from fleet_tui.model.errors import FleetError, Refused
from fleet_tui.model.peer import OPERATOR, Peer, choose_peer
from fleet_tui.model.text import one_line, sanitize
from fleet_tui.peers.framing import tame
from fleet_tui.peers.identity import slug
from fleet_tui.peers.stamps import iso
from fleet_tui.transport.loopback_http import HttpAnswer, HttpRequest, Refusal, read_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.context import FleetContext
    from fleet_tui.model.peer import Message
    from fleet_tui.peers.own_api import OwnApi
    from fleet_tui.peers.post import Post
    from fleet_tui.peers.store import PeerStore

LIVE_SECONDS = 60.0
"""A client that was not heard for so long is not listed; its clients beat every 15 seconds. It is
told by our clock, not by a process id, which says nothing of another machine."""
ID_CHARACTERS = string.ascii_lowercase + string.digits
CLIENTS_LIMIT = 2_000
FETCH_LIMIT = 200
_FETCHED = "fetched by its claude-peers client, which acknowledges nothing"
REFUSED_SENDER = "from_id is not a peer that registered here"


def digest(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest() if token else ""


class Broker:
    """One request after another; belongs to the core's loop."""

    def __init__(
        self,
        context: FleetContext,
        store: PeerStore,
        post: Post,
        own: OwnApi,
        changed: Callable[[], None],
    ) -> None:
        self._context = context
        self._store = store
        self._post = post
        self._own = own
        self._changed = changed
        self._registered: dict[str, tuple[str, str | None]] = {}
        """Client id to when it registered, and its terminal."""

    async def handle(self, request: HttpRequest) -> HttpAnswer:
        """Answer one request; raises Refusal."""
        if "authorization" in request.headers:
            self._check_token(request)
        if request.method != "POST":
            if request.path == "/health":
                return HttpAnswer({"status": "ok", "peers": len(self._live())})
            return HttpAnswer("claude-peers broker")
        body = read_json(request)
        try:
            if request.path.startswith("/fleet/"):
                return HttpAnswer(await self._own.handle(request, body))
            return HttpAnswer(await self._answer(request, body))
        except Refused as refusal:
            return HttpAnswer({"ok": False, "error": str(refusal)})
        except FleetError as error:
            return HttpAnswer({"error": str(error)}, 500)

    def _check_token(self, request: HttpRequest) -> None:
        known = self._store.by_token(digest(request.token))
        if known is None or (known.host != request.door and request.door):
            raise Refusal(401, "the token is not known here")

    async def _answer(self, request: HttpRequest, body: dict[str, Any]) -> object:
        path = request.path
        if path == "/register":
            return {"id": self._register(request, body)}
        if path == "/heartbeat":
            self._beat(request, _text(body, "id"))
            return {"ok": True}
        if path == "/set-summary":
            self._summary(request, _text(body, "id"), _needed(body, "summary", "peers"))
            return {"ok": True}
        if path == "/list-peers":
            return self._list(request, body)
        if path == "/send-message":
            return await self._send(request, body)
        if path == "/poll-messages":
            return {"messages": self._poll(request, _text(body, "id"))}
        if path == "/unregister":
            self._leave(request, _text(body, "id"))
            return {"ok": True}
        raise Refusal(404, "not found")

    def _register(self, request: HttpRequest, body: dict[str, Any]) -> str:
        cwd, summary = _needed(body, "cwd", "peers"), _needed(body, "summary", "peers")
        pid = body.get("pid")
        if not isinstance(pid, int) or isinstance(pid, bool) or pid < 0:
            raise Refusal(500, "NOT NULL constraint failed: peers.pid")
        if len(self._live()) >= CLIENTS_LIMIT:
            raise Refusal(503, f"{CLIENTS_LIMIT:,} clients are registered already")
        now = self._context.clock.time()
        client = "".join(secrets.choice(ID_CHARACTERS) for _ in range(8))
        root = one_line(_text(body, "git_root"), 4000)
        cwd = one_line(cwd, 4000)
        tty = _text(body, "tty")
        name = f"{slug(cwd.rstrip('/').rpartition('/')[2], 24) or 'peer'}-{client[:4]}"
        before = self._store.by_identity(f"client:{request.door}:{pid}")
        peer = self._store.put_peer(
            Peer(
                name=f"{name}@{request.door}",
                generation=1,
                host=request.door,
                kind="client",
                cwd=cwd,
                root=root,
                summary=one_line(summary, 1000),
                state="unknown",
                source="broker",
                seen_at=now,
                pid=pid,
                client=client,
            ),
            identity=f"client:{request.door}:{pid}",
            incarnation=client,
        )
        if before is not None:
            self._store.set_peer(peer.name, cwd=cwd, root=root, client=client)
        self._registered[client] = (iso(now), tty or None)
        self._store.wake(peer.name)
        self._changed()
        return client

    def _mine(self, request: HttpRequest, client: str) -> Peer | None:
        """Return the client's peer if the request may speak for it."""
        peer = self._store.by_client(client)
        if peer is None or peer.kind != "client" or peer.host != request.door:
            return None
        return peer if peer.source == "broker" else None  # not one that another broker serves

    def _beat(self, request: HttpRequest, client: str) -> None:
        if (peer := self._mine(request, client)) is not None:
            self._store.set_peer(
                peer.name, seen_at=self._context.clock.time(), state="unknown", source="broker"
            )

    def _summary(self, request: HttpRequest, client: str, summary: str) -> None:
        if (peer := self._mine(request, client)) is not None:
            self._store.set_peer(peer.name, summary=one_line(summary, 1000))
            self._changed()

    def _leave(self, request: HttpRequest, client: str) -> None:
        if (peer := self._mine(request, client)) is not None:
            now = self._context.clock.time()
            self._store.set_peer(peer.name, state="gone", seen_at=now)
            self._changed()

    def _live(self) -> list[Peer]:
        """Return all peers that can be written to, on every machine."""
        now = self._context.clock.time()
        return [peer for peer in self._store.peers() if self._is_live(peer, now)]

    def _is_live(self, peer: Peer, now: float) -> bool:
        is_silent = peer.kind == "client" and now - peer.seen_at > LIVE_SECONDS
        return peer.is_live and peer.kind != "operator" and not is_silent

    def _list(self, request: HttpRequest, body: dict[str, Any]) -> list[dict[str, Any]]:
        scope, cwd = _text(body, "scope"), _text(body, "cwd")
        root, excluded = _text(body, "git_root"), _text(body, "exclude_id")
        asker = self._store.by_client(excluded)
        repo = asker.repo if asker else ""
        found = []
        for peer in self._live():
            if excluded and self._id_of(peer) == excluded:
                continue
            if scope == "directory" and peer.cwd != cwd:
                continue
            if scope == "repo" and not (
                (repo and peer.repo == repo) or (peer.root == root if root else peer.cwd == cwd)
            ):
                continue
            found.append(self._row(peer))
        return found

    def _id_of(self, peer: Peer) -> str:
        """Return by what claude-peers clients address a peer."""
        return peer.client or peer.name

    def _row(self, peer: Peer) -> dict[str, Any]:
        since, tty = self._registered.get(peer.client, (iso(peer.seen_at), None))
        about = f"[{peer.name}]" if peer.kind == "client" else f"[{peer.name}, {peer.state}]"
        return {
            "id": self._id_of(peer),
            "pid": peer.pid,
            "cwd": peer.cwd,
            "git_root": peer.root or None,
            "tty": tty,
            "summary": f"{about} {peer.summary}".rstrip(),
            "registered_at": since,
            "last_seen": iso(peer.seen_at),
        }

    async def _send(self, request: HttpRequest, body: dict[str, Any]) -> dict[str, Any]:
        sender, to = _needed(body, "from_id", "messages"), _needed(body, "to_id", "messages")
        text = _needed(body, "text", "messages")
        name = self._sender(request, sender)
        recipient = self._recipient(to)
        if recipient is None:
            return {"ok": False, "error": f"Peer {one_line(to, 80)} not found"}
        await self._post.send_many(name, [recipient], text)
        return {"ok": True}

    def _recipient(self, to: str) -> str | None:
        """Return the durable name of whom a client writes to, None when nobody is meant."""
        if to == OPERATOR:
            return OPERATOR
        peer = self._store.by_client(to)
        if peer is not None and self._is_live(peer, self._context.clock.time()):
            return peer.name
        try:
            return choose_peer(to, self._live()).name
        except FleetError:
            return None

    def _sender(self, request: HttpRequest, sender: str) -> str:
        """Return the durable name of whoever sends; raises Refusal for a forged one."""
        if request.token:
            known = self._store.by_token(digest(request.token))
            if known is None or sender not in (known.client, known.name):
                raise Refusal(403, "from_id is not the one that the token belongs to")
            return known.name
        if sender == "cli":
            return f"cli@{request.door}"
        peer = self._mine(request, sender)
        if peer is None:
            raise Refusal(403, REFUSED_SENDER)
        return peer.name

    def _poll(self, request: HttpRequest, client: str) -> list[dict[str, Any]]:
        """Hand a client its mail, once: it acknowledges nothing, so more cannot be known."""
        peer = self._mine(request, client)
        if peer is None:
            return []
        now = self._context.clock.time()
        if now - peer.seen_at > 5.0 or not peer.is_live:
            self._store.set_peer(peer.name, seen_at=now, state="unknown")
        handed = self._store.hand_to_client(peer, now, _FETCHED, FETCH_LIMIT)
        if handed:
            self._changed()
        return [self._mail(message, client) for message in handed]

    def _mail(self, message: Message, client: str) -> dict[str, Any]:
        sender = self._store.peer(message.sender)
        return {
            "id": message.sequence,
            "from_id": (sender.client or sender.name) if sender else message.sender,
            "to_id": client,
            "text": tame(message.text),
            "sent_at": iso(message.created_at),
            "delivered": 0,
        }


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    return sanitize(value) if isinstance(value, str) else ""


def _needed(body: dict[str, Any], key: str, table: str) -> str:
    """Return a text that the protocol requires, answering as its broker does without it."""
    value = body.get(key)
    if not isinstance(value, str):
        raise Refusal(500, f"NOT NULL constraint failed: {table}.{key}")
    return sanitize(value)
