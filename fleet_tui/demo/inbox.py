"""The standard input of a scripted command: bytes come in, lines or all of it go out."""

from __future__ import annotations

import asyncio


class Inbox:
    """Bytes in order, and whether more may come. Readers take turns; each byte is read once."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._has_ended = False
        self._changed = asyncio.Event()

    def feed(self, data: bytes) -> None:
        """Add bytes; those after the end are dropped."""
        if not self._has_ended:
            self._data += data
            self._changed.set()

    def end(self) -> None:
        """Let no more come."""
        self._has_ended = True
        self._changed.set()

    async def read(self) -> bytes:
        """Return all there is up to the end."""
        await self.ended()
        return self._taken(len(self._data))

    async def read_line(self) -> bytes:
        """Return the next line with its newline, or what is left at the end; empty after it."""
        looked = 0
        while (place := self._data.find(b"\n", looked)) < 0 and not self._has_ended:
            looked = len(self._data)
            await self._change()
        return self._taken(place + 1 if place >= 0 else len(self._data))

    async def read_exactly(self, size: int) -> bytes:
        """Return `size` bytes; fewer when the input ends before."""
        while len(self._data) < size and not self._has_ended:
            await self._change()
        return self._taken(size)

    async def ended(self) -> None:
        """Return when no more can come, whether or not it was read."""
        while not self._has_ended:
            await self._change()

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()

    def _taken(self, size: int) -> bytes:
        data = bytes(self._data[:size])
        del self._data[:size]
        return data
