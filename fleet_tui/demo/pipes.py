"""Streams made from other streams: captured, filtered, fed, redirected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.demo.inbox import Inbox
from fleet_tui.demo.streams import PipeClosed

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.demo.filters import Filter
    from fleet_tui.demo.grammar import Redirect
    from fleet_tui.demo.streams import Streams

_CAPTURE_LIMIT = 4 << 20


class _Around:
    """Streams that are those of `outer` but for what a subclass changes."""

    def __init__(self, outer: Streams) -> None:
        self._outer = outer

    async def read(self) -> bytes:
        """Return standard input up to its end."""
        return await self._outer.read()

    async def read_line(self) -> bytes:
        """Return the next line of standard input."""
        return await self._outer.read_line()

    async def write(self, data: bytes) -> None:
        """Write to standard output."""
        await self._outer.write(data)

    async def write_error(self, data: bytes) -> None:
        """Write to standard error."""
        await self._outer.write_error(data)

    def catch_signals(self, handler: Callable[[str], bool] | None) -> None:
        """Offer signals to `handler` first."""
        self._outer.catch_signals(handler)


class CaptureStreams(_Around):
    """Keeps standard output, with standard error in it if so asked, up to a few megabytes."""

    def __init__(self, outer: Streams, *, with_errors: bool = False) -> None:
        super().__init__(outer)
        self._with_errors = with_errors
        self.data = b""

    async def write(self, data: bytes) -> None:
        """Keep it; raises PipeClosed when it has grown too large."""
        self.data += data
        if len(self.data) > _CAPTURE_LIMIT:
            raise PipeClosed(self)

    async def write_error(self, data: bytes) -> None:
        """Keep it with the rest, or pass it on."""
        await (self.write(data) if self._with_errors else super().write_error(data))


class FilterStreams(_Around):
    """Passes standard output through a filter."""

    def __init__(self, outer: Streams, stage: Filter) -> None:
        super().__init__(outer)
        self._stage = stage

    async def write(self, data: bytes) -> None:
        """Pass it on; raises PipeClosed once the filter has enough."""
        if not self._stage.is_done:
            out = self._stage.feed(data)
            if out:
                await self._outer.write(out)
        if self._stage.is_done:
            raise PipeClosed(self)


class InputStreams(_Around):
    """Has its own standard input."""

    def __init__(self, outer: Streams, data: bytes) -> None:
        super().__init__(outer)
        self._inbox = Inbox()
        self._inbox.feed(data)
        self._inbox.end()

    async def read(self) -> bytes:
        """Return the input."""
        return await self._inbox.read()

    async def read_line(self) -> bytes:
        """Return the next line of it."""
        return await self._inbox.read_line()


class _Redirected(_Around):
    """Sends the two outputs elsewhere: to each other, or nowhere."""

    def __init__(self, outer: Streams, out: int | None, error: int | None) -> None:
        super().__init__(outer)
        self._targets = {1: out, 2: error}

    async def write(self, data: bytes) -> None:
        """Write to where standard output goes now."""
        await self._send(self._targets[1], data)

    async def write_error(self, data: bytes) -> None:
        """Write to where standard error goes now."""
        await self._send(self._targets[2], data)

    async def _send(self, target: int | None, data: bytes) -> None:
        if target == 1:
            await self._outer.write(data)
        elif target == 2:
            await self._outer.write_error(data)


def redirected(
    streams: Streams, redirect: Redirect, target: str, content: str | None
) -> Streams | None:
    """Return `streams` after a redirection; None for one the demo has no file for."""
    if redirect.operator == "<":
        if target == "/dev/null":
            return InputStreams(streams, b"")
        return None if content is None else InputStreams(streams, content.encode())
    if redirect.operator == ">&" and target in ("1", "2"):
        goal: int | None = int(target)
    elif target == "/dev/null":
        goal = None
    else:
        return None
    if redirect.descriptor == 1:
        return _Redirected(streams, goal, 2)
    return _Redirected(streams, 1, goal)
