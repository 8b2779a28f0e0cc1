"""A stand-in for the cloud service of managed agents, on loopback: REST and server-sent events.

The real SDK talks to it. It keeps to the beta of 2026-04-01 as far as this program uses it: a
stream has no cursor, lists come in pages, a budget is held to. `ManagedApi` serves from threads of
its own; `slowness` 1 is human speed, 0 none; `faults` are what it is to do wrong, each once.
"""

from __future__ import annotations

import json
import queue
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs, urlsplit

from fleet_tui.demo.managed_sessions import ENDS_STREAM, CloudSession, Playwright, now

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

PING_SECONDS = 0.3


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with the next request of a kind."""

    method: str
    ends: str
    """The end of its path, like `/sessions` or `/events`."""
    status: int = 0
    """The answer instead of the right one; 0: none, the connection is cut."""
    body: dict[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    when: Literal["before", "after"] = "before"
    """Whether the request is carried out all the same."""


class ManagedApi:
    """The service. `url` is its address, `asked` every request it got."""

    def __init__(
        self, key: str = "sk-stand-in", *, port: int = 0, slowness: float = 0.0, page: int = 100
    ) -> None:
        self.key = key
        self.page = page
        self.sessions: dict[str, CloudSession] = {}
        self.asked: list[tuple[str, str]] = []
        self.created: list[dict[str, Any]] = []
        self.faults: list[Fault] = []
        self.closing = threading.Event()
        self.plays = Playwright(lambda seconds: self.closing.wait(seconds * slowness))
        handler = type("Handler", (_Handler,), {"api": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        serve = self._server.serve_forever
        self._thread = threading.Thread(target=serve, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every stream, and serve no more."""
        self.closing.set()
        self.cut_streams()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def cut_streams(self) -> None:
        """Break every open stream."""
        with self.plays.lock:
            for session in self.sessions.values():
                for listener in session.listeners:
                    listener.put(None)

    def take_fault(self, method: str, path: str) -> Fault | None:
        """Return what is to go wrong with this request, and forget it."""
        with self.plays.lock:
            for fault in self.faults:
                if fault.method == method and path.endswith(fault.ends):
                    self.faults.remove(fault)
                    return fault
        return None

    def create(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make a session, and begin on its first events."""
        agent = body["agent"]
        given = {"id": agent} if isinstance(agent, str) else agent
        of = {"type": "agent", "version": 1, "name": "fleet", "model": {"id": "claude-opus-5-5"}}
        empty: dict[str, Any] = {"tools": [], "skills": [], "mcp_servers": []}
        about = {
            "id": self.plays.new_id("sesn"),
            "type": "session",
            "agent": {**of, **empty, "id": given["id"]},
            "environment_id": body["environment_id"],
            "status": "idle",
            "created_at": now(),
            "updated_at": now(),
            "archived_at": None,
            "metadata": body.get("metadata", {}),
            "budget": body["budget"],
            "title": body.get("title"),
            **{key: [] for key in ("outcome_evaluations", "resources", "vault_ids")},
            "stats": {},
            "usage": {},
        }
        session = CloudSession(about)
        with self.plays.lock:
            self.sessions[session.id] = session
            self.created.append(body)
        self.add(session, body.get("initial_events", []))
        return about

    def add(self, session: CloudSession, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Take what a client sends."""
        stored = []
        for event in events:
            stored.append(self.plays.publish(session, event))
            match event["type"]:
                case "user.message":
                    text = " ".join(str(block.get("text", "")) for block in event["content"])
                    self.plays.begin(session, text)
                case "user.tool_confirmation":
                    session.verdicts[event["tool_use_id"]] = event["result"]
                    session.waits_for[event["tool_use_id"]].set()
                case "user.interrupt":
                    session.stopped.set()
        return stored

    def cap(self, session: CloudSession, budget: dict[str, Any]) -> dict[str, Any] | None:
        """Give a session another budget; None for one that it has used up already."""
        if int(budget["max_list_cost"]["amount"]) <= session.cents:
            return None
        session.about["budget"] = budget
        self.plays.publish(session, {"type": "session.updated", "budget": budget})
        return session.about

    def archive(self, session: CloudSession) -> dict[str, Any]:
        """End a session for good."""
        session.stopped.set()
        session.about["archived_at"] = now()
        self.plays.publish(session, {"type": "session.status_terminated"})
        return session.about


class _Handler(BaseHTTPRequestHandler):
    api: ManagedApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_POST(self) -> None:
        """Change something."""
        length = int(self.headers.get("content-length") or 0)
        self._serve("POST", json.loads(self.rfile.read(length)) if length else {})

    def do_GET(self) -> None:
        """Look at something."""
        self._serve("GET", {})

    def _serve(self, method: str, body: dict[str, Any]) -> None:
        parts = urlsplit(self.path)
        self.api.asked.append((method, self.path))
        fault = self.api.take_fault(method, parts.path)
        if fault is not None and fault.when == "before":
            self._break(fault)
        elif self.headers.get("authorization") != f"Bearer {self.api.key}":
            self._refuse(401, "authentication_error", "invalid bearer token")
        elif (session := self._session(parts.path)) is None and parts.path != "/v1/sessions":
            self._refuse(404, "not_found_error", f"nothing is at {parts.path}")
        elif parts.path.endswith("/stream") and session is not None:
            self._stream(session)
        else:
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            answer = self._answer(method, parts.path.rpartition("/")[2], session, body, query)
            if fault is not None:
                self._break(fault)
            elif answer is None:
                self._refuse(
                    400, "invalid_request_error", "a session needs a budget, more than used"
                )
            else:
                self._send(200, answer)

    def _session(self, path: str) -> CloudSession | None:
        parts = path.strip("/").split("/")
        return self.api.sessions.get(parts[2]) if len(parts) > 2 else None

    def _answer(
        self,
        method: str,
        last: str,
        session: CloudSession | None,
        body: dict[str, Any],
        query: dict[str, str],
    ) -> dict[str, Any] | None:
        if session is None:
            if method == "GET":
                with self.api.plays.lock:
                    known = [one.about for one in self.api.sessions.values()]
                return self._page(known, query)
            return self.api.create(body) if body.get("budget") else None
        if last == "archive":
            return self.api.archive(session)
        if last == "events" and method == "POST":
            return {"data": self.api.add(session, body["events"])}
        if last == "events":
            with self.api.plays.lock:
                return self._page(list(session.events), query)
        if method == "POST" and (budget := body.get("budget")):
            return self.api.cap(session, budget)
        return session.about

    def _page(self, found: list[dict[str, Any]], query: dict[str, str]) -> dict[str, Any]:
        if query.get("order") == "desc":
            found.reverse()
        size = min(int(query.get("limit", self.api.page)), self.api.page)
        first = int(query.get("page", "0"))
        after = first + size
        return {
            "data": found[first:after],
            "next_page": str(after) if after < len(found) else None,
        }

    def _stream(self, session: CloudSession) -> None:
        heard: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        with self.api.plays.lock:
            session.listeners.append(heard)
        self.close_connection = True
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        try:
            self._pour(heard)
        except OSError:
            return  # the listener has gone
        finally:
            with self.api.plays.lock:
                session.listeners.remove(heard)

    def _pour(self, heard: queue.SimpleQueue[dict[str, Any] | None]) -> None:
        while not self.api.closing.is_set():
            try:
                event = heard.get(timeout=PING_SECONDS)
            except queue.Empty:
                self._record("ping", {})
                continue
            if event is None:
                return
            self._record(event["type"], event)
            if event["type"] in ENDS_STREAM:
                return

    def _record(self, name: str, data: dict[str, Any]) -> None:
        self.wfile.write(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())
        self.wfile.flush()

    def _break(self, fault: Fault) -> None:
        if not fault.status:
            self.close_connection = True
            return
        self._send(fault.status, fault.body, fault.headers)

    def _refuse(self, status: int, kind: str, message: str) -> None:
        self._send(status, {"type": "error", "error": {"type": kind, "message": message}})

    def _send(
        self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        about = {"content-type": "application/json", "request-id": self.api.plays.new_id("req")}
        for name, value in {**about, **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
