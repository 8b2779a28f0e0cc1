"""Twenty mock clients of claude-peers in a process of their own, as the real ones would be.

`python -m tests.bench.peer_clients PORT` registers them, lets them send 2,000 messages over
connections that stay open, as Bun's `fetch` keeps them, and fetches all; prints one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

CLIENTS, EACH = 20, 100


class Caller:
    """One client's connection."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def call(self, path: str, body: dict[str, Any]) -> Any:
        """Make one request; raises RuntimeError when it is refused."""
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        data = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
        )
        self._writer.write(head.encode() + data)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        fields = dict(
            line.lower().split(": ", 1) for line in answer.decode().split("\r\n")[1:] if line
        )
        said = await self._reader.readexactly(int(fields["content-length"]))
        if not answer.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{path}: {said!r}")
        return json.loads(said)

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()


async def main(port: int) -> None:
    """Send, fetch, and tell how long each took."""
    callers = [Caller(port) for _ in range(CLIENTS)]
    ids = []
    for number, caller in enumerate(callers):
        about = {"pid": 1000 + number, "cwd": f"/srv/{number}", "git_root": None, "tty": None}
        ids.append((await caller.call("/register", {**about, "summary": ""}))["id"])

    async def talk(number: int) -> None:
        for count in range(EACH):
            to = ids[(number + 1 + count % (CLIENTS - 1)) % CLIENTS]
            body = {"from_id": ids[number], "to_id": to, "text": f"{number}.{count}"}
            if await callers[number].call("/send-message", body) != {"ok": True}:
                raise RuntimeError("a message was refused")

    begun = time.perf_counter()
    await asyncio.gather(*map(talk, range(CLIENTS)))
    sent = time.perf_counter()
    texts = []
    for caller, client in zip(callers, ids, strict=True):
        while mail := (await caller.call("/poll-messages", {"id": client}))["messages"]:
            texts += [message["text"] for message in mail]
    fetched = time.perf_counter()
    for caller in callers:
        caller.close()
    told = {
        "sent": CLIENTS * EACH,
        "send_seconds": sent - begun,
        "fetched": len(texts),
        "different": len(set(texts)),
        "fetch_seconds": fetched - sent,
    }
    print(json.dumps(told))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
