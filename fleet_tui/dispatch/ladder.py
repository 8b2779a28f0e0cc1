"""How a run is ended: ask, insist, kill, give up; each step bounded."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fleet_tui.transport.base import Process, SignalName


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait after each step; an agent needs the first to write its last result."""

    after_interrupt: float = 8.0
    after_term: float = 5.0
    after_kill: float = 3.0


async def stop(
    process: Process,
    ended: asyncio.Future[Any],
    *,
    first: SignalName,
    patience: Patience,
) -> None:
    """Signal the process group until `ended` is done; after KILL is ignored, abandon it."""
    steps: list[tuple[SignalName, float]] = [
        (first, patience.after_interrupt),
        ("TERM", patience.after_term),
        ("KILL", patience.after_kill),
    ]
    if first == "TERM":
        steps = steps[1:]
    for name, seconds in steps:
        process.send_signal(name)
        done, _ = await asyncio.wait({ended}, timeout=seconds)
        if done:
            return
    process.abort()
