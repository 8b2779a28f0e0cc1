"""A mock of the broker of claude-peers-mcp, by its documented protocol.

The real one needs Bun, and is in no package registry: `python -m tests.peers.unmodified FOLDER`
tries a copy of it.

`python claude_peers.py PORT` serves one on loopback until it is ended. As the real one does, it
believes in a peer while `kill(pid, 0)` finds its process, counts a message as delivered when it
is polled, checks neither senders nor origins, and keeps one peer a process.
"""

from __future__ import annotations

import json
import os
import secrets
import string
import sys
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

_LETTERS = string.ascii_lowercase + string.digits


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Mock:
    """What it keeps."""

    def __init__(self) -> None:
        self.peers: dict[str, dict[str, Any]] = {}
        self.messages: list[dict[str, Any]] = []
        self.lock = Lock()

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Answer one POST."""
        if path == "/register":
            return self._register(body)
        if path == "/heartbeat":
            if body.get("id") in self.peers:
                self.peers[body["id"]]["last_seen"] = _now()
            return 200, {"ok": True}
        if path == "/set-summary":
            if body.get("id") in self.peers:
                self.peers[body["id"]]["summary"] = body["summary"]
            return 200, {"ok": True}
        if path == "/list-peers":
            return 200, self._list(body)
        if path == "/send-message":
            return self._send(body)
        if path == "/poll-messages":
            found = [m for m in self.messages if m["to_id"] == body["id"] and not m["delivered"]]
            said = [dict(message) for message in found]
            for message in found:
                message["delivered"] = 1
            return 200, {"messages": said}
        if path == "/unregister":
            self.peers.pop(body.get("id", ""), None)
            return 200, {"ok": True}
        return 404, {"error": "not found"}

    def _register(self, body: dict[str, Any]) -> tuple[int, Any]:
        for key in ("pid", "cwd", "summary"):
            if body.get(key) is None:
                return 500, {"error": f"NOT NULL constraint failed: peers.{key}"}
        for known in [k for k, peer in self.peers.items() if peer["pid"] == body["pid"]]:
            del self.peers[known]
        identifier = "".join(secrets.choice(_LETTERS) for _ in range(8))
        kept = {key: body.get(key) for key in ("pid", "cwd", "git_root", "tty", "summary")}
        stamps = {"registered_at": _now(), "last_seen": _now()}
        self.peers[identifier] = {"id": identifier, **kept, **stamps}
        return 200, {"id": identifier}

    def _list(self, body: dict[str, Any]) -> list[dict[str, Any]]:
        found = []
        for identifier, peer in list(self.peers.items()):
            try:
                os.kill(peer["pid"], 0)
            except OSError:
                del self.peers[identifier]
                continue
            scope, root = body.get("scope"), body.get("git_root")
            is_elsewhere = scope == "directory" and peer["cwd"] != body.get("cwd")
            if scope == "repo":
                is_elsewhere = peer["git_root"] != root if root else peer["cwd"] != body.get("cwd")
            if identifier != body.get("exclude_id") and not is_elsewhere:
                found.append(peer)
        return found

    def _send(self, body: dict[str, Any]) -> tuple[int, Any]:
        for key in ("from_id", "text"):
            if body.get(key) is None:
                return 500, {"error": f"NOT NULL constraint failed: messages.{key}"}
        if body.get("to_id") not in self.peers:
            return 200, {"ok": False, "error": f"Peer {body.get('to_id')} not found"}
        kept = {key: body[key] for key in ("from_id", "to_id", "text")}
        number = len(self.messages) + 1
        self.messages.append({"id": number, **kept, "sent_at": _now(), "delivered": 0})
        return 200, {"ok": True}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    """Connections stay open, as those of Bun's server do."""
    mock = Mock()

    def do_GET(self) -> None:
        if self.path == "/health":
            self._say(200, {"status": "ok", "peers": len(self.mock.peers)})
        else:
            self._say(200, "claude-peers broker")

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        try:
            body = json.loads(data)
        except ValueError as error:
            self._say(500, {"error": f"JSON Parse error: {error}"})
            return
        with self.mock.lock:
            status, said = self.mock.answer(self.path, body)
        self._say(status, said)

    def version_string(self) -> str:
        return ""

    def log_message(self, format: str, *arguments: Any) -> None:
        """Write nothing."""

    def _say(self, status: int, value: Any) -> None:
        data = value.encode() if isinstance(value, str) else json.dumps(value).encode()
        self.send_response(status)
        kind = "text/plain" if isinstance(value, str) else "application/json"
        self.send_header("Content-Type", f"{kind};charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def main(port: int) -> None:
    """Serve until the process is ended."""
    with ThreadingHTTPServer(("127.0.0.1", port), _Handler) as server:
        print("ready", flush=True)  # noqa: T201
        server.serve_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]))
