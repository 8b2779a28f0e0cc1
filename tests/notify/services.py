"""A loopback server that speaks the real formats of the services, written from their documentation.

It is a mock: the services themselves cannot be had here. It refuses what they would refuse (a
missing field, a text that is too long, a wrong token), so that a request it accepts has their form.
"""

from __future__ import annotations

import json
import queue
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

TOKEN = "tk_abcdefghijklmnopqrstuvwxyz012"
PUSHOVER_TOKEN = "azGDORePK8gMaC0QOYAMyEEuzJnyUi"
PUSHOVER_USER = "uQiRzpo4DXghDmr9QzzfQu27cmVRsG"
RECEIPT = "rLqVuqTRh62UzxtmqiaLzQmVcPgiCy"


@dataclass(frozen=True)
class Got:
    """A request as it arrived."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        found = json.loads(self.body)
        assert isinstance(found, dict)
        return found

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))


@dataclass(frozen=True)
class Reply:
    """What is said to it."""

    status: int = 200
    body: bytes | Mapping[str, object] = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    hangs: bool = False
    """Take the request and never answer."""


class Services:
    """One server for all services; `plan` answers come before the usual ones, each once."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.plan: queue.SimpleQueue[Reply] = queue.SimpleQueue()
        self.acknowledged = False
        self.released = threading.Event()
        self.url = ""

    def bodies(self) -> list[dict[str, Any]]:
        return [got.json for got in self.got]

    def reply(self, got: Got) -> Reply:
        self.got.append(got)
        if not self.plan.empty():
            return self.plan.get()
        service = got.path.strip("/").split("/")[0]
        speak: Callable[[Got], Reply] = getattr(self, f"_{service}", self._webhook)
        return speak(got)

    def _ntfy(self, got: Got) -> Reply:
        body = got.json
        if got.headers.get("authorization") not in (None, f"Bearer {TOKEN}"):
            return Reply(401, {"code": 40101, "http": 401, "error": "unauthorized"})
        if not body.get("topic"):
            return Reply(400, {"code": 40013, "http": 400, "error": "invalid topic"})
        if not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", str(body["sequence_id"])):
            return Reply(400, {"code": 40049, "http": 400, "error": "sequence ID invalid"})
        if len(str(body.get("message", "")).encode()) > 4096:
            return Reply(413, {"code": 41301, "http": 413, "error": "message too large"})
        if body["priority"] not in range(1, 6) or len(body.get("actions", ())) > 3:
            return Reply(400, {"code": 40007, "http": 400, "error": "invalid priority"})
        return Reply(200, {"id": f"id{len(self.got)}", "time": 1, "event": "message", **body})

    def _pushover(self, got: Got) -> Reply:
        if got.method == "GET":
            done = int(self.acknowledged)
            return Reply(
                200,
                {
                    "status": 1,
                    "acknowledged": done,
                    "acknowledged_at": 1_700_000_000 * done,
                    "acknowledged_by_device": "phone" * done,
                    "expired": 0,
                    "called_back": 0,
                },
            )
        form = got.form
        wrong = [
            told
            for is_wrong, told in (
                (form.get("token") != PUSHOVER_TOKEN, "application token is invalid"),
                (form.get("user") != PUSHOVER_USER, "user identifier is invalid"),
                (not 0 < len(form.get("message", "")) <= 1024, "message cannot be blank or long"),
                (len(form.get("title", "")) > 250, "title is too long"),
                (
                    form.get("priority") == "2"
                    and not (int(form["retry"]) >= 30 and int(form["expire"]) <= 10_800),
                    "retry or expire is out of range",
                ),
            )
            if is_wrong
        ]
        if wrong:
            return Reply(400, {"status": 0, "errors": wrong, "request": "r-1"})
        more = {"receipt": RECEIPT} if form.get("priority") == "2" else {}
        return Reply(200, {"status": 1, "request": "r-1", **more})

    def _slack(self, got: Got) -> Reply:
        body = got.json
        texts = [block.get("text", {}).get("text", "") for block in body["blocks"]]
        if not body.get("text") or len(body["blocks"]) > 50 or max(map(len, texts)) > 3000:
            return Reply(400, b"invalid_blocks")
        return Reply(200, b"ok")

    def _discord(self, got: Got) -> Reply:
        body = got.json
        if body.get("allowed_mentions") != {"parse": []}:
            return Reply(400, {"message": "somebody could be mentioned", "code": 50035})
        if len(str(body["nonce"])) > 25:
            return Reply(400, {"message": "Invalid Form Body", "code": 50035})
        if len(body.get("content", "")) > 2000 or len(body["embeds"]) > 10:
            return Reply(400, {"message": "Invalid Form Body", "code": 50035})
        if got.query.get("wait") != "true":
            return Reply(204)
        return Reply(200, {"id": "1234567890", "type": 0, "content": ""})

    def _teams(self, got: Got) -> Reply:
        body = got.json
        [attachment] = body["attachments"]
        is_card = attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        if body["type"] != "message" or not is_card or len(got.body) > 28_000:
            return Reply(400, {"error": {"code": "TriggerInputSchemaMismatch"}})
        return Reply(202)

    def _webhook(self, got: Got) -> Reply:
        return Reply(200, b"thanks")


@contextmanager
def serve() -> Iterator[Services]:
    """Run the server while the block does."""
    services = Services()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("content-length", "0"))
            got = Got(
                self.command,
                parts.path,
                dict(parse_qsl(parts.query)),
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(length),
            )
            reply = services.reply(got)
            if reply.hangs:
                services.released.wait(60)
                self.close_connection = True
                return
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET = do_PUT = _handle

        def log_message(self, format: str, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    services.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield services
    finally:
        services.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
