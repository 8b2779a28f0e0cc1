"""Lines of a file on a host, read in slices: memory and bytes are bounded, whatever it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fleet_tui.transport.base import RemoteFiles

SLICE = 1 << 18
LONGEST_LINE = 4 << 20
"""A longer line is passed over; it counts as broken."""


@dataclass(slots=True)
class Purse:
    """Bytes that may still be read, of one file or of many together."""

    left: int
    is_spent: bool = False
    """True once something was left unread for want of bytes."""

    def take(self, wanted: int) -> int:
        """Return how many of these bytes may be read now, and count them as read."""
        given = max(0, min(wanted, self.left))
        self.left -= given
        if given < wanted:
            self.is_spent = True
        return given


async def lines_of(
    files: RemoteFiles, path: str, purse: Purse, *, slice_size: int = SLICE
) -> AsyncIterator[bytes]:
    """Yield the complete lines of a file from its start, as far as the purse lasts.

    A line that is too long comes out empty. What stands behind the last newline is a line of its
    own when the file ends there. Raises what `RemoteFiles.read` raises.
    """
    offset, held, is_skipping = 0, bytearray(), False
    while size := purse.take(slice_size):
        data = await files.read(path, offset=offset, size=size)
        purse.left += size - len(data)
        if not data:
            if held and not is_skipping:
                yield bytes(held)
            return
        offset += len(data)
        held += data
        *whole, rest = held.split(b"\n")
        held = bytearray(rest)
        for line in whole:
            yield b"" if is_skipping else bytes(line)
            is_skipping = False
        if len(held) > LONGEST_LINE:
            held, is_skipping = bytearray(), True


async def last_lines(
    files: RemoteFiles, path: str, size: int, most: int
) -> tuple[list[bytes], bool]:
    """Return the complete lines in the last `most` bytes of a file of `size`, oldest first.

    The second value is True when there is more before them.
    """
    start = max(0, size - most)
    data = bytearray()
    while start + len(data) < size:
        part = await files.read(path, offset=start + len(data), size=SLICE)
        if not part:
            break
        data += part
    lines = bytes(data).split(b"\n")
    if start:
        lines = lines[1:]
    return [line for line in lines if line], start > 0
