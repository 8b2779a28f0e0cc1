"""What a command of the demo is connected to: its input, its two outputs, its signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNAL_NUMBERS = {"HUP": 1, "INT": 2, "KILL": 9, "TERM": 15}
"""Signals of the protocol (names without SIG) and what a shell adds 128 to."""


class Streams(Protocol):
    """The three standard streams of one command, in bytes."""

    async def read(self) -> bytes:
        """Return standard input up to its end."""

    async def read_line(self) -> bytes:
        """Return the next line of standard input with its newline, empty at the end."""

    async def write(self, data: bytes) -> None:
        """Write to standard output, waiting while the reader is behind; may raise PipeClosed."""

    async def write_error(self, data: bytes) -> None:
        """Write to standard error."""

    def catch_signals(self, handler: Callable[[str], bool] | None) -> None:
        """Offer signals to `handler` first; True from it means dealt with. None takes it off."""


class NoStreams:
    """Streams of a command that nobody listens to, and whose signals are not its own."""

    async def read(self) -> bytes:
        """Return the end of input."""
        return b""

    async def read_line(self) -> bytes:
        """Return the end of input."""
        return b""

    async def write(self, data: bytes) -> None:
        """Drop it."""

    async def write_error(self, data: bytes) -> None:
        """Drop it."""

    def catch_signals(self, handler: Callable[[str], bool] | None) -> None:
        """Leave signals to the command around this one."""


class PipeClosed(Exception):
    """The reader of this pipe has seen enough."""
