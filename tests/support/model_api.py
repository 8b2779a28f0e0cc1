"""A model API on loopback: Anthropic Messages and OpenAI Responses, streamed as server-sent events.

The real `claude` and `codex` programs run against it. What it does is steered by markers in the
prompt, see `model_script`. Start it with `with ModelApi() as api:`; it serves from its own threads.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.support.model_answers import (
    block_parts,
    blocks,
    error_body,
    items,
    limit_body,
    limit_headers,
    paced,
)
from tests.support.model_script import Script, claude_script, codex_script

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

CODEX_USAGE = {
    "input_tokens": 120,
    "input_tokens_details": {"cached_tokens": 40},
    "output_tokens": 30,
    "output_tokens_details": {"reasoning_tokens": 8},
    "total_tokens": 150,
}

USD_PER_TOKEN = {"opus": (4e-6, 20e-6), "sonnet": (2e-6, 10e-6)}
"""What Claude Code 2.1 reckons for tokens in and out."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A request that reached the mock."""

    path: str
    model: str
    prompt: str
    tools: tuple[str, ...]
    conversation: str = ""
    """Everything that was said before, as JSON."""


@dataclass(slots=True)
class _Ledger:
    lock: threading.Lock = field(default_factory=threading.Lock)
    seen: list[Seen] = field(default_factory=list)
    charged: list[tuple[str, int, int]] = field(default_factory=list)
    attempts: Counter[str] = field(default_factory=Counter)
    streaming: threading.Event = field(default_factory=threading.Event)
    closing: threading.Event = field(default_factory=threading.Event)


class ModelApi:
    """The server. `url` is its address, `seen` what was asked of it, `charged` what it cost."""

    def __init__(self) -> None:
        self._ledger = _Ledger()
        handler = type("Handler", (_Handler,), {"ledger": self._ledger})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ledger.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """Its address, without a path: `ANTHROPIC_BASE_URL`; Codex wants `/v1` after it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def seen(self) -> list[Seen]:
        """Every request for an answer, in order."""
        with self._ledger.lock:
            return list(self._ledger.seen)

    @property
    def charged_usd(self) -> float:
        """What the Anthropic responses so far cost by the list of prices."""
        total = 0.0
        with self._ledger.lock:
            for model, into, out in self._ledger.charged:
                family = next((name for name in USD_PER_TOKEN if name in model), "sonnet")
                usd_in, usd_out = USD_PER_TOKEN[family]
                total += into * usd_in + out * usd_out
        return total

    def wait_until_streaming(self, timeout: float) -> bool:
        """Return once a piece of an answer was sent, or False after `timeout` seconds."""
        return self._ledger.streaming.wait(timeout)

    def release(self) -> None:
        """Let endless answers come to an end: no more pieces, and then what was to be said."""
        self._ledger.closing.set()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away: being killed is what they are here for."""


class _Handler(BaseHTTPRequestHandler):
    ledger: _Ledger
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""

    def do_HEAD(self) -> None:
        """Answer the reachability check of the clients."""
        self._json(200, None)

    def do_GET(self) -> None:
        """Answer the list of models: there are none."""
        if self.path.startswith("/v1/models"):
            self._json(200, {"data": [], "has_more": False, "object": "list", "models": []})
        else:
            self._json(404, error_body(404))

    def do_POST(self) -> None:
        """Answer a request for a response of the model."""
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        path = self.path.split("?")[0]
        if path.endswith("/count_tokens"):
            return self._json(200, {"input_tokens": 100})
        if path.endswith("/messages"):
            script, results = claude_script(body.get("messages", []))
            self._note(path, body, script)
            return None if self._failed(script) else self._messages(body, script, results)
        if path.endswith("/responses"):
            script, results = codex_script(body.get("input", []))
            self._note(path, body, script)
            return None if self._failed(script) else self._responses(body, script, results)
        return self._json(404, error_body(404))

    def _note(self, path: str, body: dict[str, Any], script: Script) -> None:
        tools = tuple(str(tool.get("name") or tool.get("type")) for tool in body.get("tools", []))
        said = json.dumps(body.get("messages") or body.get("input"))
        with self.ledger.lock:
            self.ledger.seen.append(Seen(path, str(body.get("model")), script.prompt, tools, said))

    def _attempt(self, script: Script, name: str) -> int:
        """Return how often this marker of this prompt was met, this time included."""
        with self.ledger.lock:
            self.ledger.attempts[name + script.prompt.strip()] += 1
            return self.ledger.attempts[name + script.prompt.strip()]

    def _failed(self, script: Script) -> bool:
        """Answer with the error that the script asks for; False when it asks for none."""
        headers = {"retry-after": script.marks["ra"]} if script.has("ra") else {}
        if script.has("limit"):
            seconds = script.marks["limit"]
            if seconds and self._attempt(script, "limit") > 1:
                return False
            self._json(429, limit_body(), limit_headers("rejected", int(seconds or 3600)))
        elif script.has("err"):
            code = int(script.marks["err"])
            self._json(code, error_body(code), headers)
        elif script.has("flaky"):
            status, times = script.pair("flaky", (529, 1))
            if self._attempt(script, "flaky") > times:
                return False
            self._json(int(status), error_body(int(status)), headers)
        else:
            return False
        return True

    def _messages(self, body: dict[str, Any], script: Script, results: int) -> None:
        """Stream a response of the Messages API."""
        into, out = script.usage
        content, stop = blocks(script, results)
        usage = {
            "input_tokens": into,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 1,
            "service_tier": "standard",
        }
        message: dict[str, Any] = {
            "id": f"msg_{uuid.uuid4().hex[:16]}",
            "type": "message",
            "role": "assistant",
            "model": body.get("model"),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }
        charge = self._charge(body, into, 1)
        if not body.get("stream"):
            self._charge(body, into, out, charge)
            whole = {**message, "content": content, "stop_reason": stop}
            return self._json(200, {**whole, "usage": {**usage, "output_tokens": out}})
        self._start_stream(limit_headers("allowed_warning") if script.has("near-limit") else {})
        self._event("message_start", {"message": message})
        drops = (
            script.has("drop") and self._attempt(script, "drop") <= script.pair("drop", (1, 1))[0]
        )
        said = 0
        for index, block in enumerate(content):
            empty, deltas = block_parts(block)
            self._event("content_block_start", {"index": index, "content_block": empty})
            if block["type"] == "text" and stop != "tool_use":
                deltas = paced(deltas, script, self.ledger.closing)
            for delta in deltas:
                self._event("content_block_delta", {"index": index, "delta": delta})
                said += 1
                self._charge(body, into, min(said, out), charge)
                if drops and block["type"] == "text":
                    self.connection.close()
                    return None
            self._event("content_block_stop", {"index": index})
        delta = {"stop_reason": stop, "stop_sequence": None}
        self._charge(body, into, out, charge)
        self._event("message_delta", {"delta": delta, "usage": {"output_tokens": out}})
        self._event("message_stop", {})
        return None

    def _charge(self, body: dict[str, Any], into: int, out: int, place: int | None = None) -> int:
        """Charge what a response has said of its tokens so far; return where that is kept.

        An answer that is cut off costs its input, and a token for each piece that was sent.
        """
        with self.ledger.lock:
            if place is None:
                place = len(self.ledger.charged)
                self.ledger.charged.append(("", 0, 0))
            self.ledger.charged[place] = (str(body.get("model")), into, out)
            return place

    def _responses(self, body: dict[str, Any], script: Script, results: int) -> None:
        """Stream a response of the Responses API."""
        identity = f"resp_{uuid.uuid4().hex[:12]}"
        self._start_stream({})
        started = {"id": identity, "status": "in_progress"}
        self._event("response.created", {"response": started})
        drops = (
            script.has("drop") and self._attempt(script, "drop") <= script.pair("drop", (1, 1))[0]
        )
        for index, item in enumerate(items(script, results)):
            if item["type"] == "message":
                opened = {**item, "content": [], "status": "in_progress"}
                self._event("response.output_item.added", {"output_index": index, "item": opened})
                place = {"item_id": item["id"], "output_index": index, "content_index": 0}
                words = iter([{"text": item["content"][0]["text"]}])
                for part in paced(words, script, self.ledger.closing):
                    self._event("response.output_text.delta", {**place, "delta": part["text"]})
                    if drops:
                        self.connection.close()
                        return
            self._event("response.output_item.done", {"output_index": index, "item": item})
        whole = {"id": identity, "status": "completed", "usage": CODEX_USAGE}
        self._event("response.completed", {"response": whole})

    def _start_stream(self, headers: dict[str, str]) -> None:
        self.send_response(200)
        standing = {"content-type": "text/event-stream", "connection": "close"}
        for name, value in (standing | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True

    def _event(self, kind: str, fields: dict[str, Any]) -> None:
        self.wfile.write(
            f"event: {kind}\ndata: {json.dumps({'type': kind, **fields})}\n\n".encode()
        )
        self.wfile.flush()
        if kind.endswith("delta"):
            self.ledger.streaming.set()

    def _json(self, code: int, body: object, headers: dict[str, str] | None = None) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)
