"""What the broker offers to our own session server: a name that lasts, leases, receipts.

`/fleet/enrol` names the session and returns its token; all else needs that. A session may enrol
through the door of its host alone, with a key that only its user can read there, and speaks for
itself alone.
"""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Any

from fleet_tui.model.errors import UsageError
from fleet_tui.model.peer import PROVES, URGENCIES, Peer, Scope, parse_scope
from fleet_tui.model.text import one_line, sanitize
from fleet_tui.peers.framing import frame
from fleet_tui.peers.identity import session_name
from fleet_tui.peers.store import ENROLLED
from fleet_tui.transport.loopback_http import HttpRequest, Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.context import FleetContext
    from fleet_tui.model.peer import Message, RouteName, Urgency
    from fleet_tui.peers.post import Post
    from fleet_tui.peers.reservations import Reservations
    from fleet_tui.peers.store import PeerStore

LEASE_SECONDS = 120.0
"""A message that was fetched and not acknowledged within this time is given out again."""

_HOW: dict[str, str] = {
    "tools": "returned by its check_messages tool",
    "channel": "pushed by its channel server, which its agent may have ignored",
}


class OwnApi:
    """Requests below `/fleet/`."""

    def __init__(
        self,
        context: FleetContext,
        store: PeerStore,
        post: Post,
        reservations: Reservations,
        digest: Callable[[str], str],
        key_of: Callable[[str], str | None],
        changed: Callable[[], None],
    ) -> None:
        self._context = context
        self._store = store
        self._post = post
        self._reservations = reservations
        self._digest = digest
        self._key_of = key_of
        self._changed = changed

    async def handle(self, request: HttpRequest, body: dict[str, Any]) -> object:
        """Answer one request; raises Refusal, FleetError."""
        verb = request.path.removeprefix("/fleet/")
        if verb == "enrol":
            return self._enrol(request, body)
        me = self._store.by_token(self._digest(request.token))
        if me is None or me.host != request.door:
            raise Refusal(401, "the token is not known here")
        self._store.set_peer(me.name, seen_at=self._context.clock.time())
        if verb == "peers":
            return self._peers(me, _text(body, "scope") or "fleet")
        if verb == "send":
            return await self._send(me, body)
        if verb == "summary":
            self._store.set_peer(me.name, summary=one_line(_text(body, "summary"), 1000))
            self._changed()
            return {"ok": True}
        if verb == "fetch":
            return {"messages": self._fetch(me, _text(body, "by") == "channel")}
        if verb == "acknowledge":
            by: RouteName = "channel" if _text(body, "by") == "channel" else "tools"
            return {"ok": self._acknowledge(me, _text(body, "id"), by)}
        if verb == "reserve":
            seconds = body.get("seconds")
            wanted = float(seconds) if isinstance(seconds, (int, float)) else 1800.0
            made = await self._reservations.make(
                me.name, _text(body, "path"), _text(body, "reason"), wanted
            )
            return {"id": made.id, "path": made.path, "conflicts": list(made.conflicts)}
        raise Refusal(404, "not found")

    def _enrol(self, request: HttpRequest, body: dict[str, Any]) -> dict[str, Any]:
        key = self._key_of(request.door)
        if key is None or not hmac.compare_digest(key, _text(body, "key")):
            raise Refusal(401, "the key of this host is needed to enrol")
        session = one_line(_text(body, "session"), 100)
        if not session:
            raise UsageError("a session id is needed to enrol")
        agent = "codex" if _text(body, "agent") == "codex" else "claude"
        cwd = one_line(_text(body, "cwd"), 4000)
        token = secrets.token_urlsafe(32)
        now = self._context.clock.time()
        identity = f"{agent}:{session}"
        known = self._store.by_identity(identity)
        if known is None:
            known = self._store.put_peer(
                Peer(
                    name=f"{session_name('', cwd, agent, session)}@{request.door}",
                    generation=1,
                    host=request.door,
                    kind="codex" if agent == "codex" else "claude",
                    cwd=cwd,
                    source="broker",
                    seen_at=now,
                    session=session,
                ),
                identity=identity,
                incarnation=f"{ENROLLED}{_text(body, 'pid')}",
            )
        if known.host != request.door:
            raise Refusal(403, "this session is on another host")
        self._store.set_peer(known.name, token=self._digest(token), seen_at=now)
        self._store.wake(known.name)
        self._changed()
        return {"name": known.name, "generation": known.generation, "token": token}

    def _peers(self, me: Peer, scope_text: str) -> dict[str, Any]:
        named = {
            "machine": Scope("machine", me.host),
            "directory": Scope("directory", f"{me.host}:{me.cwd}"),
            "repo": Scope("repo", me.repo) if me.repo else Scope("directory", me.cwd),
        }
        scope = named.get(scope_text) or parse_scope(scope_text)
        now = self._context.clock.time()
        return {
            "you": me.name,
            "peers": [
                {
                    "name": peer.name,
                    "host": peer.host,
                    "agent": peer.kind,
                    "cwd": peer.cwd,
                    "repo": peer.repo,
                    "branch": peer.branch,
                    "summary": peer.summary,
                    "state": peer.state,
                    "known_by": peer.source,
                    "age_seconds": round(max(0.0, now - peer.seen_at)),
                }
                for peer in self._store.peers()
                if peer.is_live and peer.name != me.name and scope.holds(peer)
            ],
        }

    async def _send(self, me: Peer, body: dict[str, Any]) -> dict[str, Any]:
        urgency: Urgency = "normal"
        if (word := _text(body, "urgency")) in URGENCIES:
            urgency = word
        reply_to = _text(body, "reply_to")
        to = _text(body, "to")
        if reply_to and not to:
            parent = self._store.message(reply_to)
            if parent is None or parent.recipient != me.name:
                raise UsageError(f"no message {one_line(reply_to, 40)} was sent to you")
            to = parent.sender
        sent = await self._post.send(
            me.name, to, _text(body, "text"), urgency=urgency, reply_to=reply_to
        )
        return {"id": sent.id, "to": sent.recipient, "state": sent.rung}

    def _fetch(self, me: Peer, is_channel: bool) -> list[dict[str, Any]]:
        """Lend a session its mail; what it does not acknowledge is lent again.

        What a channel was given before and nobody saw is not pushed again: it may be closed.
        """
        now = self._context.clock.time()
        rungs = "rung = 'queued'" if is_channel else "rung IN ('queued', 'unknown')"
        waiting = self._store.messages(f"recipient = ? AND {rungs}", me.name, limit=20)
        return [
            _mail(message)
            for message in waiting
            if self._store.lease(message.id, me.name, now, LEASE_SECONDS)
        ]

    def _acknowledge(self, me: Peer, identifier: str, by: RouteName) -> bool:
        """Note that a session's server has handed a message on; the proof comes later."""
        message = self._store.message(identifier)
        if message is None or message.recipient != me.name:
            return False
        self._store.begin_attempt(message.id, me.generation, max(0, message.base_offset))
        self._changed()
        return self._store.climb(
            identifier,
            "handed-over",
            route=by,
            detail=f"{_HOW[by]}; proof would be {PROVES[by]}",
            handed_at=self._context.clock.time(),
        )


def _mail(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "from": message.sender,
        "urgency": message.urgency,
        "reply_to": message.reply_to,
        "text": frame(message, has_tools=True),
    }


def _text(body: dict[str, Any], key: str) -> str:
    value = body.get(key)
    return sanitize(value) if isinstance(value, str) else ""
