"""Speaks HTTP to the broker as any program, or any web page, could."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any


async def knock(
    port: int,
    path: str,
    body: object = None,
    *,
    method: str = "POST",
    raw: bytes | None = None,
    **headers: str | None,
) -> tuple[int, Any]:
    """Send one request; returns the status and the answer. A header of None is left out."""
    data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
    sent: dict[str, str | None] = {
        "Host": f"127.0.0.1:{port}",
        "Content-Type": "application/json",
        "Content-Length": str(len(data)),
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    lines = [f"{name}: {value}" for name, value in sent.items() if value is not None]
    head = "\r\n".join([f"{method} {path} HTTP/1.1", *lines, "Connection: close", "", ""])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.encode())
    with contextlib.suppress(ConnectionError):
        writer.write(data)
        await writer.drain()
    answer = await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    first, _, said = answer.partition(b"\r\n\r\n")
    status = int(first.split(b" ")[1])
    return status, json.loads(said) if b"application/json" in first else said.decode()


async def register(port: int, cwd: str = "/srv/w", pid: int = 41, **more: object) -> str:
    """Register as a claude-peers client does; returns the id."""
    about = {"pid": pid, "cwd": cwd, "git_root": None, "tty": None, "summary": "", **more}
    status, answer = await knock(port, "/register", about)
    assert status == 200, answer
    found: str = answer["id"]
    return found
