"""`python -m tests.fuzz [STRINGS [SEED]]`: noise through every widget and toast, in a real pty."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.fuzz.show import show

STRINGS = 100_000
SECONDS = 3_600.0


def main() -> int:
    """Show it and say what came out; status 1 when a byte was not ours or the screen died."""
    strings = int(sys.argv[1]) if len(sys.argv) > 1 else STRINGS
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="fleet-fuzz-") as folder:
        shown = show(strings, seed, Path(folder), SECONDS)
    _say(
        f"{shown.strings:,} byte strings in {shown.rounds:,} rounds, seed {seed}: "
        f"{shown.written:,} bytes written, {len(shown.foreign)} of them not ours, "
        f"{time.monotonic() - began:.0f} s"
    )
    for piece in shown.foreign[:20]:
        _say(f"   {piece!r}")
    if shown.strings < strings:
        _say(f"the screen did not come to the end; its last words: {shown.last_words}")
    return int(bool(shown.foreign) or shown.strings < strings)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
