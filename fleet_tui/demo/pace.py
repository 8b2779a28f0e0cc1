"""How fast the demo lives: human speed, a multiple of it, or without delays for tests."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Turns seconds of the script into seconds of waiting."""

    speed: float = 1.0
    """0 waits for nothing; else script seconds are divided by it."""
    drag: float = 1.0
    """How many times slower than its neighbours this machine is."""

    async def wait(self, seconds: float) -> None:
        """Wait that many seconds of the script; always lets others run."""
        await asyncio.sleep(seconds * self.drag / self.speed if self.speed > 0 else 0)
