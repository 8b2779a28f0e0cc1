"""A small HTTP/1.1 server for loopback: bounded in every direction, closed to pages.

It answers no browser: a request with an `Origin` or `Sec-Fetch-Site`, or with a `Host` that is not
loopback, is refused before its body is read. A body that is to be JSON must be declared as such.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

BODY_LIMIT = 1 << 20
HEAD_LIMIT = 16 << 10
READ_WITHIN = 15.0
KEEP_OPEN = 75.0
CLIENTS_LIMIT = 512
_HOST = re.compile(r"(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])(?::\d{1,5})?", re.IGNORECASE)
_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    411: "Length Required",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
    503: "Service Unavailable",
}


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request that passed the checks at the door."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    door: str
    """Through which listener it came: the name of the host it stands for."""
    query: str = ""
    """What follows the `?`, as it was sent."""

    @property
    def token(self) -> str:
        """The bearer token, empty without one."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        return value.strip() if scheme.lower() == "bearer" else ""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What is answered: JSON, or plain text when `value` is a text.

    A `value` that is an async iterator of bytes is sent as it comes, until the connection ends.
    """

    value: Any
    status: int = 200


class Refusal(Exception):
    """A request that is not let in."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class HttpServer:
    """Listens on loopback, one door for each host."""

    def __init__(
        self,
        handle: Callable[[HttpRequest], Awaitable[HttpAnswer]],
        refused: Callable[[str, Refusal], None],
        *,
        body_limit: int = BODY_LIMIT,
    ) -> None:
        self._handle = handle
        self._refused = refused
        self._body_limit = body_limit
        self._servers: dict[str, asyncio.Server] = {}
        self._clients: set[asyncio.Task[None]] = set()

    async def open_door(self, door: str, host: str, port: int) -> int:
        """Listen for requests that stand for `door`; returns the port. Raises OSError."""

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._serve(door, reader, writer))
            self._clients.add(task)
            task.add_done_callback(self._clients.discard)

        server = await asyncio.start_server(connected, host, port, limit=HEAD_LIMIT)
        self._servers[door] = server
        found: int = server.sockets[0].getsockname()[1]
        return found

    def port(self, door: str) -> int | None:
        """Return the port of a door, None when it is not open."""
        server = self._servers.get(door)
        return server.sockets[0].getsockname()[1] if server and server.sockets else None

    async def close(self) -> None:
        """Close every door and connection."""
        for server in self._servers.values():
            server.close()
        for task in tuple(self._clients):
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        self._servers.clear()

    async def _serve(
        self, door: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            if len(self._clients) > CLIENTS_LIMIT:
                await _write(writer, HttpAnswer({"error": "too many connections"}, 503), False)
                return
            while await self._exchange(door, reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            pass  # the client went away, or said nothing: nobody is left to be told
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _exchange(
        self, door: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer one request; False when the connection is to be closed."""
        try:
            request = await self._request(door, reader)
        except Refusal as refusal:
            self._refused(door, refusal)
            await _write(writer, HttpAnswer({"error": refusal.why}, refusal.status), False)
            if writer.can_write_eof():
                writer.write_eof()  # all is said: a client that waits for the end need not
            await _pass_over(reader)
            return False
        if request is None:
            return False
        try:
            answer = await self._handle(request)
        except Refusal as refusal:
            self._refused(door, refusal)
            answer = HttpAnswer({"error": refusal.why}, refusal.status)
        if isinstance(answer.value, AsyncIterator):
            await _stream(reader, writer, answer.value)
            return False
        stays = request.headers.get("connection", "").lower() != "close"
        await _write(writer, answer, stays)
        return stays

    async def _request(self, door: str, reader: asyncio.StreamReader) -> HttpRequest | None:
        async with asyncio.timeout(KEEP_OPEN):
            try:
                head = await reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError:
                return None
            except asyncio.LimitOverrunError:
                raise Refusal(431, "the request's head is too long") from None
        method, target, headers = _parse_head(head)
        path, _, query = target.partition("?")
        _check_door(headers)
        body = b""
        if method not in ("GET", "HEAD", "OPTIONS") or "content-length" in headers:
            size = _length(headers, self._body_limit)
            async with asyncio.timeout(READ_WITHIN):
                body = await reader.readexactly(size)
        return HttpRequest(method, path, headers, body, door, query)


def read_json(request: HttpRequest) -> dict[str, Any]:
    """Return the body as a JSON object; raises Refusal."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(415, "the body must be declared as application/json")
    try:
        value = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Refusal(500, "JSON Parse error: the body is not JSON") from None
    if not isinstance(value, dict):
        raise Refusal(400, "the body must be a JSON object")
    return value


def _parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise Refusal(400, "this is not HTTP/1.1")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            key = name.strip().lower()
            if key in headers and key in ("host", "content-length", "authorization"):
                raise Refusal(400, f"{key} is given twice")
            headers[key] = value.strip()
    return words[0].upper(), words[1], headers


def _check_door(headers: Mapping[str, str]) -> None:
    """Refuse what a web page could have sent; raises Refusal."""
    if not _HOST.fullmatch(headers.get("host", "")):
        raise Refusal(403, "Host must be this machine's loopback")
    if "origin" in headers or "sec-fetch-site" in headers or "sec-fetch-mode" in headers:
        site = headers.get("sec-fetch-site", "")
        if "origin" in headers or site not in ("", "none"):
            raise Refusal(403, "requests of web pages are not answered")


def _length(headers: Mapping[str, str], limit: int) -> int:
    if "transfer-encoding" in headers:
        raise Refusal(411, "the body's length must be given")
    text = headers.get("content-length", "0")
    if not text.isdigit() or len(text) > 12:
        raise Refusal(400, "Content-Length is no number")
    if int(text) > limit:
        raise Refusal(413, f"a body may have {limit:,} bytes, not {int(text):,}")
    return int(text)


async def _write(writer: asyncio.StreamWriter, answer: HttpAnswer, stays: bool) -> None:
    if isinstance(answer.value, str):
        body, kind = answer.value.encode(), "text/plain;charset=utf-8"
    else:
        body, kind = json.dumps(answer.value).encode(), "application/json;charset=utf-8"
    reason = _REASONS.get(answer.status, "Error")
    head = (
        f"HTTP/1.1 {answer.status} {reason}\r\nContent-Type: {kind}\r\n"
        f"Server: fleet-tui\r\nContent-Length: {len(body)}\r\nX-Content-Type-Options: nosniff\r\n"
        f"Connection: {'keep-alive' if stays else 'close'}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    await writer.drain()


async def _stream(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, parts: AsyncIterator[bytes]
) -> None:
    """Send `parts` until there are no more, or the client goes away."""
    writer.write(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson;charset=utf-8\r\n"
        b"X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
    )
    gone = asyncio.create_task(reader.read(1))
    sending = asyncio.create_task(_send_all(writer, parts))
    try:
        await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        gone.cancel()
        sending.cancel()
        await asyncio.gather(gone, sending, return_exceptions=True)


async def _send_all(writer: asyncio.StreamWriter, parts: AsyncIterator[bytes]) -> None:
    await writer.drain()
    async for part in parts:
        writer.write(part)
        await writer.drain()


async def _pass_over(reader: asyncio.StreamReader) -> None:
    """Read a little of what is still coming, so that the refusal gets through."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(1.0):
            left = 8 << 20
            while left > 0 and (data := await reader.read(1 << 16)):
                left -= len(data)
