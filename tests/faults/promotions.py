"""Pairs of machines that promote themselves at the same moment: one wins, the other is told."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.roles.pairs import mirrors, play_pair

if TYPE_CHECKING:
    from collections.abc import Sequence

FRESH_EVERY = 100
"""Pairs after which the repositories are made anew."""


async def promotions(arguments: Sequence[str]) -> int:
    """Play the pairs and print how they ended; returns 1 when one ended wrongly."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults promotion")
    parser.add_argument("--pairs", type=int, default=1000)
    pairs = parser.parse_args(arguments).pairs
    begun = time.monotonic()
    wins: dict[str, int] = {}
    wrong = []
    played = 0
    while played < pairs:
        with tempfile.TemporaryDirectory(prefix="fleet-pairs-") as folder:
            clones = mirrors(Path(folder), "cc-pc", "hs-pc")
            for epoch in range(min(FRESH_EVERY, pairs - played)):
                result = await play_pair(clones, epoch)
                played += 1
                if not result.is_right:
                    wrong.append(f"pair {played}: {result}")
                for name in result.winners:
                    wins[name] = wins.get(name, 0) + 1
        _say(f"{played} pairs, {len(wrong)} wrong, {time.monotonic() - begun:.0f} s")
    _say(f"wins: {wins}")
    for text in wrong:
        _say(text)
    return 1 if wrong else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
