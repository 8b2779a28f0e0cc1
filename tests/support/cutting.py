"""A TCP relay whose links can be cut: at once, or when so many more bytes have passed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Direction = Literal["up", "down"]
"""`up` is towards the server."""
_BLOCK = 65536


class CuttingRelay:
    """Relays to `target_port`; refuses new links while it is down."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        self.port = 0
        self.cuts = 0
        self._cut = asyncio.Event()
        self._links: set[asyncio.Task[None]] = set()
        self._sides: set[asyncio.StreamWriter] = set()
        self._budget: dict[Direction, int | None] = {"up": None, "down": None}
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._is_down = False

    def cut(self) -> None:
        """Reset every link."""
        self.cuts += 1
        self._cut.set()
        self._budget = {"up": None, "down": None}
        for writer in tuple(self._sides):
            _reset(writer)
        for link in tuple(self._links):
            link.cancel()

    def cut_after(self, direction: Direction, size: int) -> None:
        """Cut when `size` more bytes have gone in `direction`; not one more passes."""
        self._budget[direction] = size

    async def until_cut(self) -> None:
        """Return at the next cut."""
        self._cut.clear()
        await self._cut.wait()

    def freeze(self) -> None:
        """Let nothing pass while all links stay up, as a network that swallows packets."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Let everything pass again, late but whole."""
        self._flowing.set()

    def go_down(self) -> None:
        """Cut everything and refuse what comes."""
        self._is_down = True
        self.cut()

    def come_up(self) -> None:
        """Take links again, and forget of cuts to come."""
        self._is_down = False
        self._budget = {"up": None, "down": None}

    def __repr__(self) -> str:
        state = "down" if self._is_down else "up" if self._flowing.is_set() else "frozen"
        return f"<relay {state}, {len(self._links)} links, {self._budget}>"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[CuttingRelay]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.cut()
            await asyncio.gather(*self._links, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._links.add(task)
        sides = {writer}
        self._sides |= sides
        try:
            if self._is_down:
                return
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
            sides.add(far_writer)
            self._sides |= sides
            await asyncio.gather(
                self._copy("up", reader, far_writer), self._copy("down", far_reader, writer)
            )
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._sides -= sides
            self._links.discard(task)
            for side in sides:
                _reset(side)

    async def _copy(
        self, direction: Direction, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(_BLOCK):
            await self._flowing.wait()
            budget = self._budget[direction]
            if budget is not None:
                writer.write(data[:budget])
                self._budget[direction] = budget - len(data)
                if budget <= len(data):
                    with contextlib.suppress(OSError):
                        await writer.drain()
                    self.cut()
                    return
            else:
                writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close a socket so that its peer gets a reset, as from a machine that is gone."""
    raw = writer.get_extra_info("socket")
    if raw is not None and not writer.is_closing():
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
