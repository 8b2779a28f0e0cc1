"""What each number should be at least, and what it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Goal:
    """A floor and an aim; where less is better the aim is the smaller one."""

    floor: float
    aim: float
    unit: str = "x"
    less_is_better: bool = False

    def verdict(self, got: float) -> str:
        """Return how `got` stands to it, in two words."""
        sign = -1 if self.less_is_better else 1
        if sign * got >= sign * self.aim:
            return "aim met"
        return "floor met" if sign * got >= sign * self.floor else "BELOW FLOOR"

    def text(self, got: float) -> str:
        """Return `floor → aim: got (verdict)`."""
        bounds = f"{self.floor:g} → {self.aim:g} {self.unit}"
        return f"goal {bounds}: got {got:.4g} ({self.verdict(got)})"


def _most(floor: float, aim: float, unit: str) -> Goal:
    return Goal(floor, aim, unit, less_is_better=True)


GOALS: Mapping[str, Goal] = {
    "cold/100/sim/clush": Goal(3, 7),
    "cold/100/sim/pdsh": Goal(3, 5),
    "cold/100/sshd/clush": Goal(1.4, 2),
    "cold/1000/sim/clush": Goal(4, 8),
    "warm/100/sim/clush": Goal(15, 40),
    "warm/100/sim/xargs ssh": Goal(6, 20),
    "warm/100/sshd/clush": Goal(3, 5),
    "warm/100/sshd/xargs ssh": Goal(2, 3),
    "output/sim/clush": Goal(30, 180),
    "output/sim/pdsh": Goal(5, 15),
    "output/sshd/clush": Goal(30, 180),
    "output/sshd/pdsh": Goal(5, 15),
    "output/sim/lines": Goal(2e6, 2e6, "lines/s"),
    "output/sshd/lines": Goal(2e6, 2e6, "lines/s"),
    "first/sim/warm": Goal(2, 4),
    "first/sshd/warm": Goal(2, 4),
    "lateness/max": _most(50, 16, "ms"),
    "held/kb": _most(50, 13, "KB"),
    "bastion/lost": _most(0, 0, "hosts"),
    "orphans/left": _most(0, 0, "processes"),
    "orphans/root": _most(0, 0, "processes"),
    "fsyncs/dispatch": _most(3, 3, "fsyncs"),
    "screen/key-p95": _most(50, 50, "ms"),
    "screen/core-lag-p95": _most(15, 15, "ms"),
    "paint/p50": _most(350, 350, "ms"),
    "memory/10000000": _most(20, 20, "MB"),
    "stall/core-lag-max": _most(100, 100, "ms"),
    "table/ours": _most(10, 10, "%"),
}
"""By scenario, size or server, and peer or measure. Ratios are peer by ours."""
