"""The screen in a browser on this machine: pictures out, navigation in, nothing can be changed.

Loopback only, with a token in the address. A page of another site cannot reach it: the Host header
must name the loopback address (no DNS rebinding), and an Origin, when there is one, must be ours.
Pictures are shown as images, so that no text in them can become a script.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import secrets
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from textual import events

from fleet_tui.tui import keynames
from fleet_tui.tui.app import FleetApp
from fleet_tui.tui.web_page import page

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from fleet_tui.tui.actions import Action

LOOPBACK = "127.0.0.1"
SIZE = (160, 45)
LARGEST_REQUEST = 16_384
PICTURE_SECONDS = 0.25
WAIT_SECONDS = 20.0
NEVER = frozenset({"app.quit", "app.suspend"})
"""Actions that would end what others may be looking at."""


class WebApp(FleetApp):
    """A read-only screen without a terminal; `listening` is called with its address."""

    def __init__(self, *args: Any, port: int, listening: Callable[[str], None], **options: Any):
        super().__init__(*args, **{**options, "read_only": True})
        self.token = secrets.token_urlsafe(24)
        self._port = port
        self._listening = listening
        self._server: asyncio.Server | None = None
        self.refused = ""
        """Why nothing listens; empty when all is well."""
        self._picture = ""
        self._serial = 0

    def begin(self) -> None:
        """Begin to paint, and to listen."""
        super().begin()
        self.run_worker(self._listen(), group="web", description="listen on loopback")

    async def _listen(self) -> None:
        try:
            self._server = await asyncio.start_server(self._answer, LOOPBACK, self._port)
        except OSError as error:
            self.refused = f"cannot listen on {LOOPBACK}:{self._port}: {error.strerror or error}"
            self.exit(return_code=1)
            return
        self._port = self._server.sockets[0].getsockname()[1]
        self._listening(f"http://{LOOPBACK}:{self._port}/?token={self.token}")

    def on_unmount(self) -> None:
        """Stop listening."""
        super().on_unmount()
        if self._server is not None:
            self._server.close()

    def why_disabled(self, action: Action) -> str:
        """Return why an action cannot be done here."""
        if action.id in NEVER:
            return "The browser cannot end the program; its terminal can, with ctrl+c."
        return super().why_disabled(action)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            async with asyncio.timeout(WAIT_SECONDS * 2):
                try:
                    request = await _read(reader)
                    status, kind, body, policy = await self._handle(request)
                except (ValueError, asyncio.LimitOverrunError):
                    status, kind, body, policy = "400 Bad Request", "text/plain", b"", ""
                writer.write(_head(status, kind, len(body), policy) + body)
                await writer.drain()
        writer.close()

    async def _handle(self, request: Request) -> tuple[str, str, bytes, str]:
        if not self._may(request):
            return "403 Forbidden", "text/plain", b"wrong address, origin or token\n", ""
        if request.method == "GET" and request.path == "/":
            nonce = secrets.token_urlsafe(16)
            policy = f"script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'"
            return "200 OK", "text/html; charset=utf-8", page(self.title, nonce), policy
        if request.method == "GET" and request.path == "/screen":
            serial, picture = await self._newer(request.query.get("after", "0"))
            body = json.dumps({"serial": serial, "svg": picture}).encode()
            return "200 OK", "application/json", body, ""
        if request.method == "POST" and request.path == "/key":
            key = request.body.decode("utf-8")
            if len(key) > 40 or keynames.fault(key):
                raise ValueError("no key")
            self.press(key)
            return "204 No Content", "text/plain", b"", ""
        return "404 Not Found", "text/plain", b"", ""

    def _may(self, request: Request) -> bool:
        names = {f"{name}:{self._port}" for name in (LOOPBACK, "localhost")}
        origin = request.headers.get("origin")
        return (
            request.headers.get("host", "") in names
            and (origin is None or origin.removeprefix("http://") in names)
            and request.headers.get("sec-fetch-site", "none") in ("none", "same-origin")
            and hmac.compare_digest(request.query.get("token", "").encode(), self.token.encode())
        )

    async def _newer(self, after: str) -> tuple[int, str]:
        """Return the first picture that is newer than `after`, or the last one after a while."""
        for _ in range(int(WAIT_SECONDS / PICTURE_SECONDS)):
            picture = self.export_screenshot(title=self.title)
            if picture != self._picture:
                self._picture, self._serial = picture, self._serial + 1
            if str(self._serial) != after:
                break
            await asyncio.sleep(PICTURE_SECONDS)
        return self._serial, self._picture

    def press(self, key: str) -> None:
        """Press a key as a terminal does."""
        name = keynames.canonical(key)
        character = " " if name == "space" else keynames.SYMBOLS.get(name, name)
        self.post_message(events.Key(name, character if len(character) == 1 else None))


class Request:
    """One HTTP request, as far as this server understands it."""

    def __init__(self, line: str, headers: Mapping[str, str], body: bytes) -> None:
        """Take a request line, `GET /path?query HTTP/1.1`; raises ValueError for another."""
        self.method, target, _ = line.split(" ")
        parts = urlsplit(target)
        self.path = parts.path
        self.query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        self.headers = headers
        self.body = body


async def _read(reader: asyncio.StreamReader) -> Request:
    """Read one request; raises ValueError when it is too large or none."""
    head = await reader.readuntil(b"\r\n\r\n")
    line, *rest = head.decode("ascii").split("\r\n")
    pairs = (entry.partition(":") for entry in rest if entry)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    size = int(headers.get("content-length", "0"))
    if len(head) + size > LARGEST_REQUEST or size < 0:
        raise ValueError("too large")
    return Request(line, headers, await reader.readexactly(size))


def _head(status: str, kind: str, size: int, policy: str) -> bytes:
    lines = (
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {size}",
        f"Content-Security-Policy: default-src 'none'; connect-src 'self'; img-src blob:; {policy}",
        "Cache-Control: no-store",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        "X-Frame-Options: DENY",
        "Connection: close",
    )
    return "\r\n".join((*lines, "", "")).encode()
