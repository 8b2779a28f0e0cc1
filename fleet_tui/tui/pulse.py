"""How each host has been doing for the last minutes: a sample a second, kept as small numbers."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_tui.tui.store import Store

SAMPLES = 240
EVERY = 1.0
BARS = "▁▂▃▄▅▆▇█"


class Sample(NamedTuple):
    """One host, one second."""

    running: float
    lines: float
    """Lines of output in that second."""
    usd: float
    """What was spent in that second."""
    latency: float | None
    """Seconds to the host and back; None while it does not answer."""


class Pulse:
    """Samples of every host, newest last."""

    def __init__(self) -> None:
        self.hosts: dict[str, deque[Sample]] = {}
        self._at = float("-inf")
        self._lines: dict[str, int] = {}
        self._usd: dict[str, float] = {}

    def take(self, store: Store, now: float) -> bool:
        """Take a sample of every host when it is time; True when one was taken."""
        if now - self._at < EVERY:
            return False
        seconds = now - self._at if self._lines or self._usd else EVERY
        self._at = now
        lines: dict[str, int] = {}
        for view in store.runs.values():
            lines[view.run.host] = lines.get(view.run.host, 0) + view.lines
        for name, host in store.hosts.items():
            known = self._lines.get(name, lines.get(name, 0))
            spent = self._usd.get(name, host.cost_today_usd)
            sample = Sample(
                host.open_runs,
                max(0, lines.get(name, 0) - known) / max(seconds, EVERY),
                max(0.0, host.cost_today_usd - spent),
                host.link.latency_seconds if host.link.state == "up" else None,
            )
            self.hosts.setdefault(name, deque(maxlen=SAMPLES)).append(sample)
            self._lines[name] = lines.get(name, 0)
            self._usd[name] = host.cost_today_usd
        return True


def sparkline(values: Iterable[float | None], width: int) -> str:
    """Return the last `width` values as bars, scaled to the highest; a gap where there is none."""
    kept = list(values)[-width:]
    top = max((value for value in kept if value), default=0.0)
    bars = [
        " " if value is None else BARS[round(value / top * (len(BARS) - 1)) if top else 0]
        for value in kept
    ]
    return "".join(bars).rjust(width)
