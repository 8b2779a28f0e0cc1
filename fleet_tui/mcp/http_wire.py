"""The way to a server that listens: HTTP on its host's loopback, through the connection to it.

`HttpWire` is the streamable HTTP of MCP since 2025-03-26; `SseWire` the older pair of an event
stream and a place to post to. Nothing follows a redirect, and no proxy is asked.
"""

from __future__ import annotations

import contextlib
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import httpx

from fleet_tui.mcp.events import events_of, read_all
from fleet_tui.mcp.trouble import McpTrouble
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from fleet_tui.mcp.events import ServerEvent
    from fleet_tui.mcp.settings import McpServer

BOTH = "application/json, text/event-stream"


class Route:
    """A server's URL, reached through a port of this machine's loopback."""

    def __init__(self, server: McpServer, port: int, token: str = "") -> None:
        parts = urlsplit(server.url)
        self._scheme, self._port = parts.scheme, port
        self.name = parts.hostname or "127.0.0.1"
        self.headers = {"Host": parts.netloc.rpartition("@")[2]}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
        self.url = server.url

    def request(self, client: httpx.AsyncClient, method: str, url: str, **more: Any) -> Any:
        """Return the context of one streamed request, sent to where the forward leads."""
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        there = f"{self._scheme}://127.0.0.1:{self._port}{path or '/'}"
        headers = {**self.headers, **more.pop("headers", {})}
        # The certificate must be that of the server, not of the forward.
        names = {"sni_hostname": self.name} if self._scheme == "https" else {}
        return client.stream(method, there, headers=headers, extensions=names, **more)


class HttpWire:
    """Streamable HTTP: each message is posted, and answered in the body."""

    def __init__(self, client: httpx.AsyncClient, route: Route) -> None:
        self._client = client
        self._route = route
        self._headers: dict[str, str] = {"Accept": BOTH}

    async def ask(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """Post a request and read the answer, plain or as events."""
        method = str(message["method"])
        with _errors(self._route.url):
            async with self._post(message) as response:
                if response.status_code >= 400:
                    return _refused(response, method, await read_all(response.aiter_bytes()))
                _require_ok(response, method)
                session = response.headers.get("mcp-session-id")
                if session:
                    self._headers["Mcp-Session-Id"] = session
                kind = response.headers.get("content-type", "").partition(";")[0].strip()
                if kind == "text/event-stream":
                    return await _answer_among(events_of(response.aiter_bytes()), message)
                return _message(await read_all(response.aiter_bytes()), method)

    async def tell(self, message: Mapping[str, Any]) -> None:
        """Post what needs no answer."""
        with _errors(self._route.url):
            async with self._post(message) as response:
                _require_ok(response, str(message["method"]))

    def speak(self, protocol: str) -> None:
        """Name the version in a header."""
        self._headers["Mcp-Protocol-Version"] = protocol

    async def close(self) -> None:
        """Let the server forget us; it need not know how."""
        if "Mcp-Session-Id" in self._headers:
            with contextlib.suppress(httpx.HTTPError):  # it has answered, whatever it does now
                request = self._route.request(
                    self._client, "DELETE", self._route.url, headers=self._headers
                )
                async with request:
                    pass

    def _post(self, message: Mapping[str, Any]) -> Any:
        headers = {**self._headers, "Mcp-Method": str(message["method"])}
        return self._route.request(
            self._client, "POST", self._route.url, headers=headers, json=message
        )


class SseWire:
    """The older way: one stream of events, whose first says where to post."""

    def __init__(
        self, client: httpx.AsyncClient, route: Route, events: AsyncIterator[ServerEvent]
    ) -> None:
        self._client = client
        self._route = route
        self._events = events
        self._place = ""

    async def ask(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """Post a request and wait for its answer on the stream."""
        await self.tell(message)
        with _errors(self._route.url):
            return await _answer_among(self._events, message)

    async def tell(self, message: Mapping[str, Any]) -> None:
        """Post a message."""
        with _errors(self._route.url):
            place = self._place or await self._find_place()
            async with self._route.request(self._client, "POST", place, json=message) as response:
                _require_ok(response, str(message["method"]))

    def speak(self, protocol: str) -> None:
        """Need no more than the messages say."""

    async def _find_place(self) -> str:
        async for event in self._events:
            if event.kind == "endpoint":
                place = urljoin(self._route.url, event.data)
                if urlsplit(place).netloc != urlsplit(self._route.url).netloc:
                    raise McpTrouble("it wants its messages sent to another server")
                self._place = place
                return place
        raise McpTrouble("its stream of events ended before it said where to post")


@asynccontextmanager
async def open_http(
    server: McpServer, port: int, token: str = ""
) -> AsyncIterator[HttpWire | SseWire]:
    """Yield the way to a listening server through a port here; raises McpTrouble."""
    route = Route(server, port, token)
    limits = httpx.Timeout(server.timeout)
    async with httpx.AsyncClient(trust_env=False, timeout=limits) as client:
        if server.transport == "http":
            wire = HttpWire(client, route)
            yield wire
            await wire.close()
            return
        with _errors(server.url):
            asking = route.request(
                client, "GET", server.url, headers={"Accept": "text/event-stream"}
            )
            async with asking as response:
                _require_ok(response, "the stream of events")
                yield SseWire(client, route, events_of(response.aiter_bytes()))


async def _answer_among(
    events: AsyncIterator[ServerEvent], message: Mapping[str, Any]
) -> Mapping[str, Any]:
    async for event in events:
        if event.kind != "message":
            continue
        said = _message(event.data.encode(), str(message["method"]))
        if said.get("id") == message["id"] and "method" not in said:
            return said
    raise McpTrouble(f"its events ended before it answered {message['method']}")


def _message(data: bytes, method: str) -> Mapping[str, Any]:
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise McpTrouble(f"its answer to {method} is no message of MCP")
    return said


def _refused(response: httpx.Response, method: str, body: bytes) -> Mapping[str, Any]:
    """Return the error message in the body of a refusal; raises McpTrouble when it holds none."""
    if response.status_code not in (401, 403):
        with contextlib.suppress(McpTrouble):
            said = _message(body, method)
            if "jsonrpc" in said and "error" in said:
                return said
    _require_ok(response, method)
    raise AssertionError(response.status_code)


def _require_ok(response: httpx.Response, method: str) -> None:
    """Raise McpTrouble unless the status is one of success."""
    status = response.status_code
    if 200 <= status < 300:
        return
    if status in (401, 403):
        if "authorization" in response.request.headers:
            raise McpTrouble(
                f"it does not take the token (status {status})", mend="give it one that holds"
            )
        raise McpTrouble(
            f"it asks for a login (status {status})",
            mend="name its bearer token by `token_env` or `token_file` in fleet.toml",
        )
    if 300 <= status < 400:
        place = one_line(response.headers.get("location", "elsewhere"), 80)
        raise McpTrouble(f"it sends us on to {place}", mend="correct `url` in fleet.toml")
    mend = "correct `url` in fleet.toml" if status in (404, 405) else "see its own log"
    raise McpTrouble(f"it answered {method} with status {status}", mend=mend)


@contextlib.contextmanager
def _errors(url: str) -> Iterator[None]:
    """Raise McpTrouble, or TimeoutError, instead of what httpx raises."""
    try:
        yield
    except httpx.TimeoutException as error:
        raise TimeoutError from error
    except httpx.HTTPError as error:
        place = urlsplit(url).netloc.rpartition("@")[2]
        raise McpTrouble(
            f"nothing there speaks HTTP at {place}", mend="start it, or correct `url`"
        ) from error
