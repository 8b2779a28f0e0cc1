"""An MCP server to be asked, of the standard library alone: `python3 mcp_peer.py [KIND]`.

Kinds on standard input and output: `plain`, `modern` (knows no handshake), `noisy` (prints other
things first, and asks back), `hostile` (names that would move a cursor), `silent`, `loud` (never
stops talking), `pages` (lists its tools in pages). `HttpPeer` serves the same over HTTP.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ANYTHING = {"type": "object"}
TOOLS = [
    {"name": "add", "description": "Add\n numbers.", "inputSchema": ANYTHING},
    {"name": "count", "inputSchema": ANYTHING},
]
HOSTILE = "\x1b[2J\x1b]0;owned\x07evil\u202e"
MODERN = "2026-07-28"
TOKEN = "open+sesame/1"


def answer(asked: dict[str, Any], kind: str = "plain") -> dict[str, Any] | None:
    """Return the answer to a message, None to what needs none."""
    if "id" not in asked:
        return None
    method = asked["method"]
    params = asked.get("params") or {}
    said: dict[str, Any] = {"jsonrpc": "2.0", "id": asked["id"]}
    name = HOSTILE if kind == "hostile" else "peer"
    about = {"name": name, "version": "2.1"}
    tools = [{"name": HOSTILE * 99, "description": HOSTILE}] if kind == "hostile" else TOOLS
    envelope = (params.get("_meta") or {}).get("io.modelcontextprotocol/protocolVersion")
    if kind == "modern" and envelope != MODERN:
        said["error"] = {"code": -32601, "message": "no such method: initialize"}
    elif method == "initialize":
        version = params["protocolVersion"]
        said["result"] = {
            "protocolVersion": version,
            "capabilities": {"tools": {}},
            "serverInfo": about,
        }
    elif method == "server/discover" and kind == "modern":
        said["result"] = {
            "supportedVersions": [MODERN],
            "capabilities": {"tools": {}},
            "_meta": {"io.modelcontextprotocol/serverInfo": about},
        }
    elif method == "tools/list" and kind == "pages":
        page = int(params.get("cursor", "0"))
        said["result"] = {"tools": [{"name": f"tool{page}"}]}
        if page < 2:
            said["result"]["nextCursor"] = str(page + 1)
    elif method == "tools/list":
        said["result"] = {"tools": tools}
    elif method == "tools/call":
        total = sum(params["arguments"].values())
        said["result"] = {"content": [{"type": "text", "text": f"the sum is {total}"}]}
    else:
        said["error"] = {"code": -32601, "message": "no such method"}
    return said


def main(kind: str) -> None:
    """Serve standard input."""
    if kind == "noisy":
        sys.stdout.write('Welcome to this host!\n[1]\n{"jsonrpc": "2.0", "method": "ping",')
        sys.stdout.write(' "id": 7}\n\n')
    for line in sys.stdin:
        if kind == "loud":
            while True:
                sys.stdout.write("x" * 65536)
        if kind == "silent":
            time.sleep(3600)
        asked = json.loads(line)
        said = answer(asked, kind) if "method" in asked else None
        if said is not None:
            sys.stdout.write(json.dumps(said) + "\n")
            sys.stdout.flush()


class HttpPeer:
    """The server over HTTP on loopback; what it is asked stands in `heard`.

    Paths: `/mcp` answers in JSON and wants its session named, `/events` in server-sent events,
    `/sse` is the older transport, `/locked` wants TOKEN, `/blabs` says which token it got, `/moved`
    leads elsewhere, `/wrong` says what is no JSON, `/refuses` knows no handshake.
    """

    def __init__(self, on_asked: Callable[[], object] = lambda: None) -> None:
        """Call `on_asked` whenever something is posted, before it is answered."""
        self.on_asked = on_asked
        self.heard: list[tuple[str, str, dict[str, str]]] = []
        self.streams: queue.Queue[bytes | None] = queue.Queue()
        peer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                peer._post(self)

            def do_GET(self) -> None:
                peer._get(self)

            def do_DELETE(self) -> None:
                peer.heard.append(("DELETE", self.path, dict(self.headers)))
                peer._send(self, 405, b"")

            def log_message(self, format: str, *args: object) -> None:
                """Keep quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]

    def __enter__(self) -> HttpPeer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.streams.put(None)
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str = "/mcp") -> str:
        """Return the URL of a path."""
        return f"http://127.0.0.1:{self.port}{path}"

    def _post(self, request: BaseHTTPRequestHandler) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = json.loads(request.rfile.read(int(headers["content-length"])))
        self.heard.append((str(asked.get("method")), request.path, headers))
        self.on_asked()
        path = request.path
        said = answer(asked, "modern" if path == "/refuses" else "plain")
        if path == "/locked" and headers.get("authorization") != f"Bearer {TOKEN}":
            self._send(request, 401, b"{}")
        elif path == "/blabs":
            words = f"who is {headers.get('authorization')}?"
            error = {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": 1, "message": words}}
            self._send(request, 400, json.dumps(error).encode())
        elif path == "/moved":
            self._send(request, 307, b"", location="http://elsewhere.example/mcp")
        elif path == "/wrong":
            self._send(request, 200, b"<html>")
        elif (
            path == "/mcp" and asked["method"] != "initialize" and not headers.get("mcp-session-id")
        ):
            self._send(request, 400, b"which session?")
        elif path == "/post":
            self._send(request, 202, b"")
            if said is not None:
                self.streams.put(json.dumps(said).encode())
        elif said is None:
            self._send(request, 202, b"")
        elif path == "/events":
            note = b'data: {"jsonrpc":"2.0","method":"notifications/message"}\n\n'
            body = b": hello\n\n" + note + b"data: " + json.dumps(said).encode() + b"\r\n\r\n"
            self._send(request, 200, body, kind="text/event-stream")
        else:
            status = 400 if "error" in said else 200
            self._send(request, status, json.dumps(said).encode(), session="s-1")

    def _get(self, request: BaseHTTPRequestHandler) -> None:
        if request.path != "/sse":
            self._send(request, 404, b"")
            return
        request.send_response(200)
        request.send_header("Content-Type", "text/event-stream")
        request.send_header("Connection", "close")
        request.end_headers()
        request.wfile.write(b"event: endpoint\ndata: /post\n\n")
        while (data := self.streams.get()) is not None:
            request.wfile.write(b"event: message\ndata: " + data + b"\n\n")
            request.wfile.flush()

    def _send(
        self, request: BaseHTTPRequestHandler, status: int, body: bytes, *,
        kind: str = "application/json", session: str = "", location: str = "",
    ) -> None:  # fmt: skip
        request.send_response(status)
        for name, value in (
            ("Content-Type", kind),
            ("Mcp-Session-Id", session),
            ("Location", location),
        ):
            if value:
                request.send_header(name, value)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "plain")
