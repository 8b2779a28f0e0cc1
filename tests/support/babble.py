"""A program that writes known random bytes to both streams, in bursts.

`python babble.py SEED BYTES PAUSE`: about BYTES on standard output and a third of that on standard
error, PAUSE seconds between bursts at most. `expected` says what it writes.
"""

from __future__ import annotations

import os
import random
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LARGEST_BURST = 60_000


def bursts(seed: int, size: int) -> Iterator[tuple[int, bytes, float]]:
    """Yield stream (1 or 2), bytes, and how much of the pause follows."""
    chance = random.Random(seed)
    while size > 0:
        length = min(size, chance.choice((1, 10, 300, 5_000, _LARGEST_BURST)))
        size -= length
        yield 1, chance.randbytes(length), chance.random()
        if chance.random() < 0.5:
            yield 2, chance.randbytes(length // 3 + 1), 0.0


def expected(seed: int, size: int) -> tuple[bytes, bytes]:
    """Return all that it writes to standard output and to standard error."""
    streams = {1: bytearray(), 2: bytearray()}
    for stream, data, _ in bursts(seed, size):
        streams[stream] += data
    return bytes(streams[1]), bytes(streams[2])


def command(seed: int, size: int, pause: float) -> str:
    """Return the shell line that runs it."""
    return f"exec {sys.executable} {os.path.abspath(__file__)} {seed} {size} {pause}; exit 9"


def main() -> None:
    seed, size, pause = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    for stream, data, share in bursts(seed, size):
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(stream, rest) :]
        time.sleep(pause * share)
    sys.exit(7)


if __name__ == "__main__":
    main()
