"""The Model Context Protocol on standard input and output, from the side of a server.

JSON-RPC 2.0, one message a line. It speaks the versions that begin with `initialize` (up to
2025-11-25) and, where asked to, the one without (2026-07-28: `server/discover`, and a `_meta`
envelope with each request). It needs Python 3.8 or later and nothing else, so that it can be sent
to any host as a part of another program.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNKNOWN_METHOD, BAD_ARGUMENTS, UNKNOWN_VERSION, NOT_JSON = -32601, -32602, -32022, -32700
MODERN = "2026-07-28"
HANDSHAKES = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
META = "io.modelcontextprotocol/"
LINE_LIMIT = 4 << 20
"""Bytes of one message; a longer one is passed over."""
CALLS_AT_ONCE = 8


class Trouble(Exception):
    """Something that the model is told instead of an answer."""


class Offer:
    """What a server says of itself, and the tools it has."""

    def __init__(
        self,
        name: str,
        version: str,
        tools: list[dict[str, Any]],
        call: Callable[[str, dict[str, Any]], str],
        instructions: str = "",
        is_modern: bool = False,
        experimental: dict[str, Any] | None = None,
    ) -> None:
        self.about = {"name": name, "version": version}
        self.tools = tools
        self.call = call
        """Does what a tool does and returns the text; may raise Trouble."""
        self.instructions = instructions
        self.is_modern = is_modern
        """False where agents treat a server that speaks 2026-07-28 worse (Claude's channels)."""
        self.capabilities: dict[str, Any] = {"tools": {}}
        if experimental:
            self.capabilities["experimental"] = experimental


class Server:
    """Answers one agent. Calls of tools run beside each other, everything else in order."""

    def __init__(self, offer: Offer) -> None:
        self._offer = offer
        self._writing = threading.Lock()
        self._free = threading.Semaphore(CALLS_AT_ONCE)
        self._calls: list[threading.Thread] = []
        self.ended = threading.Event()
        self.client = ""
        """How the agent calls itself."""
        self.on_ready: Callable[[], None] = lambda: None
        """Called once the agent has said that it is ready for more than answers."""

    def serve(self, lines: Iterator[bytes]) -> None:
        """Answer until the lines end, and let calls that are under way end."""
        for line in lines:
            if not line.strip():
                continue
            try:
                message = json.loads(line)
            except (ValueError, RecursionError):
                self._fail(None, NOT_JSON, "this is not JSON")
                continue
            if isinstance(message, dict):
                self.take(message)
        self.ended.set()
        for thread in self._calls:
            thread.join()

    def take(self, message: dict[str, Any]) -> None:
        """Deal with one message."""
        method, identifier = message.get("method"), message.get("id")
        params = message.get("params")
        params = params if isinstance(params, dict) else {}
        if method == "notifications/initialized":
            self.on_ready()
        if identifier is None or not isinstance(method, str):
            return
        asked = _version(params)
        if asked is not None and not (self._offer.is_modern and asked == MODERN):
            self._refuse_version(identifier, method, asked)
        elif method == "initialize":
            self._answer(identifier, self._welcome(params), None)
        elif method == "server/discover" and self._offer.is_modern:
            self._answer(identifier, self._discovered(), MODERN)
        elif method == "ping" and asked is None:
            self._answer(identifier, {}, None)
        elif method == "tools/list":
            self._answer(identifier, {"tools": self._offer.tools}, asked)
        elif method == "tools/call":
            self._start_call(identifier, params, asked)
        else:
            self._fail(identifier, UNKNOWN_METHOD, "no such method")

    def write(self, message: dict[str, Any]) -> None:
        """Send one message; once nobody reads any more, nothing is sent."""
        with self._writing:
            try:
                sys.stdout.write(json.dumps(message) + "\n")
                sys.stdout.flush()
            except OSError:
                self.ended.set()

    def _welcome(self, params: dict[str, Any]) -> dict[str, Any]:
        self._note_client(params.get("clientInfo"))
        wanted = params.get("protocolVersion")
        welcome: dict[str, Any] = {
            "protocolVersion": wanted if wanted in HANDSHAKES else HANDSHAKES[-1],
            "capabilities": self._offer.capabilities,
            "serverInfo": self._offer.about,
        }
        if self._offer.instructions:
            welcome["instructions"] = self._offer.instructions
        return welcome

    def _discovered(self) -> dict[str, Any]:
        return {
            "supportedVersions": [MODERN],
            "capabilities": self._offer.capabilities,
            "instructions": self._offer.instructions,
        }

    def _refuse_version(self, identifier: Any, method: str, asked: str) -> None:
        """Say which versions are spoken, the way the asker can make something of."""
        if not self._offer.is_modern:
            self._fail(identifier, UNKNOWN_METHOD, "no such method")
            return
        data = {"supported": [MODERN], "requested": asked}
        self._fail(identifier, UNKNOWN_VERSION, f"{method}: no such version", data)

    def _note_client(self, about: Any) -> None:
        if isinstance(about, dict) and isinstance(about.get("name"), str):
            self.client = about["name"]

    def _start_call(self, identifier: Any, params: dict[str, Any], asked: str | None) -> None:
        name, arguments = params.get("name"), params.get("arguments")
        arguments = {} if arguments is None else arguments
        if not isinstance(name, str) or not isinstance(arguments, dict):
            self._fail(identifier, BAD_ARGUMENTS, "a call needs a name, and arguments as an object")
            return
        if asked is not None:
            self._note_client(params.get("_meta", {}).get(META + "clientInfo"))
        self._free.acquire()
        self._calls = [thread for thread in self._calls if thread.is_alive()]
        work = threading.Thread(
            target=self._call, args=(identifier, name, arguments, asked), daemon=True
        )
        self._calls.append(work)
        work.start()

    def _call(
        self, identifier: Any, name: str, arguments: dict[str, Any], asked: str | None
    ) -> None:
        try:
            try:
                said, is_error = self._offer.call(name, arguments), False
            except Trouble as trouble:
                said, is_error = str(trouble), True
            result = {"content": [{"type": "text", "text": said}], "isError": is_error}
            self._answer(identifier, result, asked)
        except Exception as bug:  # whatever it is, an agent that waits must be told
            self._fail(identifier, -32603, f"unexpected {type(bug).__name__}: {bug}")
        finally:
            self._free.release()

    def _answer(self, identifier: Any, result: dict[str, Any], version: str | None) -> None:
        if version is not None:
            result = {
                **result,
                "resultType": "complete",
                "_meta": {META + "serverInfo": self._offer.about},
            }
            if "content" not in result:
                result = {**result, "ttlMs": 0, "cacheScope": "private"}
        self.write({"jsonrpc": "2.0", "id": identifier, "result": result})

    def _fail(self, identifier: Any, code: int, why: str, data: Any = None) -> None:
        error: dict[str, Any] = {"code": code, "message": why}
        if data is not None:
            error["data"] = data
        self.write({"jsonrpc": "2.0", "id": identifier, "error": error})


def _version(params: dict[str, Any]) -> str | None:
    """Return the version that a request's envelope names; None without an envelope."""
    meta = params.get("_meta")
    version = meta.get(META + "protocolVersion") if isinstance(meta, dict) else None
    return version if isinstance(version, str) else None


def lines_of(descriptor: int, limit: int = LINE_LIMIT) -> Iterator[bytes]:
    """Yield the lines of a file descriptor; those that are too long are passed over."""
    rest, is_passing = b"", False
    while True:
        block = os.read(descriptor, 1 << 16)
        if not block:
            break
        *whole, rest = (rest + block).split(b"\n")
        for line in whole:
            if not is_passing and len(line) <= limit:
                yield line
            is_passing = False
        if len(rest) > limit:
            rest, is_passing = b"", True
    if rest and not is_passing:
        yield rest
