"""Server-sent events, as far as MCP uses them (WHATWG HTML, 9.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.mcp.trouble import McpTrouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ANSWER_LIMIT = 4 << 20
TOTAL_LIMIT = 32 << 20


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event: its kind (`message` without a name) and its data."""

    kind: str
    data: str


async def events_of(chunks: AsyncIterator[bytes]) -> AsyncIterator[ServerEvent]:
    """Yield the events of a stream; raises McpTrouble when it says too much."""
    kind, held = "message", 0
    data: list[str] = []
    async for line in _lines(chunks):
        if not line:
            if data:
                yield ServerEvent(kind, "\n".join(data))
            kind, data, held = "message", [], 0
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            held += len(value)
            if held > ANSWER_LIMIT:
                raise _too_much(ANSWER_LIMIT)
            data.append(value)
        elif name == "event":
            kind = value


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[str]:
    rest, total = b"", 0
    async for chunk in chunks:
        total += len(chunk)
        if total > TOTAL_LIMIT or len(rest) > ANSWER_LIMIT:
            raise _too_much(min(total, ANSWER_LIMIT))
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.rstrip(b"\r").decode("utf-8", "replace")


async def read_all(chunks: AsyncIterator[bytes]) -> bytes:
    """Return a whole body; raises McpTrouble when it is too long."""
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > ANSWER_LIMIT:
            raise _too_much(ANSWER_LIMIT)
    return bytes(body)


def _too_much(limit: int) -> McpTrouble:
    return McpTrouble(f"it answered with more than {limit >> 20} MiB")
