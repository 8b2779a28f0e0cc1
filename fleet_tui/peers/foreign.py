"""Speaks to somebody else's claude-peers broker, by its own protocol (reference: broker.ts)."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
from dataclasses import dataclass
from typing import Any

from fleet_tui.model.errors import FleetError
from fleet_tui.model.text import one_line, sanitize

ANSWER_WITHIN = 10.0
ANSWER_BYTES = 64 << 20
SERVER = "fleet-tui"
"""What our own broker says of itself in its `Server` header; claude-peers' says nothing."""


@dataclass(frozen=True, slots=True)
class Row:
    """A peer as that broker lists it; sanitized."""

    id: str
    pid: int
    cwd: str
    root: str
    summary: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A message that it handed out; sanitized."""

    sender: str
    text: str


class ForeignBroker:
    """One broker behind a loopback port here. Every method raises FleetError when it fails.

    Requests go over one connection, one after another: a bridge makes many each second.
    """

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_WITHIN)
        self._lock = threading.Lock()

    async def is_claude_peers(self) -> bool:
        """Tell whether it is one, and not a broker of ours."""
        status, server, body = await asyncio.to_thread(self._exchange, "GET", "/health", None)
        health = _json(body)
        looks_so = isinstance(health, dict) and health.get("status") == "ok" and "peers" in health
        return status == 200 and looks_so and server != SERVER

    async def is_there(self) -> bool:
        """Tell whether it answers, and is one of claude-peers."""
        try:
            return await self.is_claude_peers()
        except FleetError:
            return False

    async def peers(self) -> list[Row]:
        """Return all that are registered there and alive."""
        asked = {"scope": "machine", "cwd": "/", "git_root": None}
        answer = await self._post("/list-peers", asked)
        rows = answer if isinstance(answer, list) else []
        return [_row(item) for item in rows if isinstance(item, dict) and item.get("id")]

    async def register(self, pid: int, cwd: str, summary: str) -> str:
        """Register a process of its machine; returns the id."""
        about = {"pid": pid, "cwd": cwd, "git_root": None, "tty": None, "summary": summary}
        answer = await self._post("/register", about)
        identifier = answer.get("id") if isinstance(answer, dict) else None
        if not isinstance(identifier, str):
            raise FleetError("its claude-peers broker registers nobody", where=self._host)
        return identifier

    async def set_summary(self, identifier: str, summary: str) -> None:
        """Say what a stand-in of ours does."""
        await self._post("/set-summary", {"id": identifier, "summary": summary})

    async def unregister(self, identifier: str) -> None:
        """Take a stand-in of ours back."""
        await self._post("/unregister", {"id": identifier})

    async def send(self, sender: str, to: str, text: str) -> None:
        """Hand a message over; that is all it can tell us of it."""
        answer = await self._post("/send-message", {"from_id": sender, "to_id": to, "text": text})
        if not isinstance(answer, dict) or answer.get("ok") is not True:
            said = answer.get("error") if isinstance(answer, dict) else answer
            said = one_line(str(said), 100)
            raise FleetError(f"its claude-peers broker refused it: {said}", where=self._host)

    async def poll(self, identifier: str) -> list[Mail]:
        """Fetch what waits for a stand-in of ours: it counts as delivered there from now on."""
        answer = await self._post("/poll-messages", {"id": identifier})
        found = answer.get("messages") if isinstance(answer, dict) else None
        if not isinstance(found, list):
            raise FleetError("its claude-peers broker gave no list of messages", where=self._host)
        return [
            Mail(one_line(str(item.get("from_id", "")), 80), sanitize(str(item.get("text", ""))))
            for item in found
            if isinstance(item, dict)
        ]

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        data = json.dumps(body).encode()
        status, _, answer = await asyncio.to_thread(self._exchange, "POST", path, data)
        if status != 200:
            said = one_line(answer[:200].decode("utf-8", "replace"), 100)
            raise FleetError(f"its claude-peers broker answered {status}: {said}", where=self._host)
        return _json(answer)

    def close(self) -> None:
        """Hang up; another request dials again."""
        with self._lock:
            self._connection.close()

    def _exchange(self, method: str, path: str, data: bytes | None) -> tuple[int, str, bytes]:
        """Make one request, on the connection that is open; dial where it was closed meanwhile."""
        with self._lock:
            is_used = self._connection.sock is not None
            try:
                try:
                    return self._exchanged(method, path, data)
                except (http.client.RemoteDisconnected, ConnectionError):
                    self._connection.close()
                    if not is_used:
                        raise
                    return self._exchanged(method, path, data)
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                said = one_line(str(error) or type(error).__name__, 100)
                raise FleetError(
                    f"its claude-peers broker cannot be reached: {said}", where=self._host
                ) from error

    def _exchanged(self, method: str, path: str, data: bytes | None) -> tuple[int, str, bytes]:
        headers = {"Content-Type": "application/json"} if data is not None else {}
        self._connection.request(method, path, data, headers)
        response = self._connection.getresponse()
        server = response.headers.get("Server", "")
        body = response.read(ANSWER_BYTES)
        if not response.isclosed():
            self._connection.close()  # it says more than we want to hear
        return response.status, server, body


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _row(item: dict[str, Any]) -> Row:
    pid = item.get("pid")
    return Row(
        id=one_line(str(item["id"]), 40),
        pid=pid if isinstance(pid, int) else 0,
        cwd=one_line(str(item.get("cwd") or ""), 4000),
        root=one_line(str(item.get("git_root") or ""), 4000),
        summary=one_line(str(item.get("summary") or ""), 1000),
    )
