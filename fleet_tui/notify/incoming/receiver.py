"""A receiver of notices on loopback that speaks ntfy: `curl -d "text" $CLAUDE_NOTIFY_URL`.

`POST|PUT /TOPIC` takes plain text with ntfy's headers, `POST /` takes JSON, `POST /TOPIC/hook` what
hooks of Claude Code send, and `GET /TOPIC/json` is ntfy's subscription. The topic is the secret.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from fleet_tui.model.errors import FleetError
from fleet_tui.notify.hooks import PATH as HOOK_PATH
from fleet_tui.notify.incoming import hook_events
from fleet_tui.notify.incoming.message import incoming_of
from fleet_tui.notify.incoming.publication import by_headers, by_json
from fleet_tui.notify.routing import Bucket
from fleet_tui.notify.settings import Rate
from fleet_tui.transport.loopback_http import HttpAnswer, HttpServer, Refusal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fleet_tui.context import FleetContext
    from fleet_tui.notify.incoming.inbox import Inbox
    from fleet_tui.notify.incoming.topics import Topics
    from fleet_tui.transport.loopback_http import HttpRequest

BODY_LIMIT = 64 << 10
"""Bytes of a request; hooks of an agent carry its last answer."""
RATE = Rate(60, 60.0)
"""Messages that one machine may send at once, and in a minute."""
ORIGIN = "receiver"


class Receiver:
    """Answers requests; each is known by the door it came through."""

    def __init__(self, context: FleetContext, inbox: Inbox, topics: Topics) -> None:
        self._context = context
        self._inbox = inbox
        self._topics = topics
        self._buckets: dict[str, Bucket] = {}
        self.server = HttpServer(self._answer, self._refused, body_limit=BODY_LIMIT)
        self.refused: dict[str, str] = {}
        """Why something was last refused, by door."""

    async def close(self) -> None:
        """Stop to answer."""
        await self.server.close()

    async def _answer(self, request: HttpRequest) -> HttpAnswer:
        if request.method in ("POST", "PUT"):
            return await self._take(request)
        if request.method == "GET" and request.path.endswith("/json"):
            return self._subscription(request)
        raise Refusal(404, "page not found")

    async def _take(self, request: HttpRequest) -> HttpAnswer:
        if request.path == "/":
            document = _document(request)
            branch = self._branch(str(document.get("topic", "")))
            self._spend(request.door)
            return await self._publish(request, branch, document)
        if request.path.endswith(HOOK_PATH):
            self._branch(request.path[1 : -len(HOOK_PATH)])
            self._spend(request.door)
            return await self._hook(request)
        branch = self._branch(request.path[1:])
        self._spend(request.door)
        return await self._publish(request, branch, None)

    async def _publish(
        self, request: HttpRequest, branch: str, document: dict[str, object] | None
    ) -> HttpAnswer:
        identifier, now = secrets.token_hex(6), self._context.clock.time()
        topic = branch and f"-{branch}"
        try:
            if document is None:
                made = by_headers(
                    identifier, now, topic, request.headers, request.query, request.body
                )
            else:
                made = by_json(identifier, now, topic, document)
        except FleetError as error:
            raise Refusal(400, error.what) from None
        if not branch:
            await self._inbox.take(incoming_of(made), request.door, ORIGIN)
        if not self._topics.put(branch, made):
            raise Refusal(429, "there are too many branches of this topic")
        return HttpAnswer(made.as_json)

    async def _hook(self, request: HttpRequest) -> HttpAnswer:
        """Take what a hook tells; the answer is empty, so that the agent's turn is left alone."""
        document = _document(request)
        session = hook_events.session_of(document)
        incoming = hook_events.incoming_of(secrets.token_hex(6), document)
        is_ours = bool(session and self._context.store.runs_of_session(session))
        if incoming is not None and not is_ours:  # of its own runs the fleet tells by itself
            await self._inbox.take(incoming, request.door, ORIGIN)
        return HttpAnswer({})

    def _subscription(self, request: HttpRequest) -> HttpAnswer:
        branch = self._branch(request.path[1:].removesuffix("/json"))
        asked = {name: values[-1] for name, values in parse_qs(request.query).items()}
        now = self._context.clock.time()
        if asked.get("poll") in ("1", "true", "yes"):
            found = self._topics.since(branch, asked.get("since", "all"), now)
            return HttpAnswer("".join(_line(one.as_json) for one in found))
        return HttpAnswer(self._stream(branch, asked.get("since", "none"), now))

    async def _stream(self, branch: str, since: str, now: float) -> AsyncIterator[bytes]:
        yield _line(self._sign("open")).encode()
        async for publication in self._topics.follow(branch, since, now):
            told = self._sign("keepalive") if publication is None else publication.as_json
            yield _line(told).encode()

    def _sign(self, event: str) -> dict[str, object]:
        now = int(self._context.clock.time())
        return {"id": secrets.token_hex(6), "time": now, "event": event, "topic": ""}

    def _branch(self, topic: str) -> str:
        branch = self._topics.branch(topic)
        if branch is None:
            raise Refusal(403, "this topic is not known")
        return branch

    def _spend(self, door: str) -> None:
        bucket = self._buckets.setdefault(door, Bucket(RATE))
        if bucket.take(self._context.clock.monotonic()):
            raise Refusal(429, f"more than {RATE.count} messages in {RATE.seconds:.0f} s")

    def _refused(self, door: str, refusal: Refusal) -> None:
        self.refused[door] = refusal.why
        if refusal.status in (403, 429):
            key = f"receiver/refused/{door}/{refusal.status}"
            self._context.notice(
                key, "warning", "receiver-refused", door, f"a notice was refused: {refusal.why}"
            )


def _document(request: HttpRequest) -> dict[str, object]:
    """Return the body as a JSON object, however it is declared, as ntfy does; raises Refusal."""
    try:
        found = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Refusal(400, "the body is no JSON") from None
    if not isinstance(found, dict):
        raise Refusal(400, "the body is no JSON object")
    return found


def _line(told: dict[str, object]) -> str:
    return json.dumps(told, ensure_ascii=True) + "\n"
