"""What the bench prints and keeps: numbers, ratios, goals."""

from __future__ import annotations

import json
import os
import platform
from typing import TYPE_CHECKING, Any

from tests.bench.goals import GOALS
from tests.bench.measure import Sample, middle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class Report:
    """Collects findings and prints each as it comes."""

    def __init__(self) -> None:
        self.findings: list[dict[str, Any]] = []
        self.missed: list[str] = []

    def title(self, text: str) -> None:
        """Begin a scenario."""
        load = os.getloadavg()[0]
        print(f"\n== {text}  [load {load:.1f}]", flush=True)

    def note(self, text: str) -> None:
        """Say something that is no number."""
        print(f"   {text}", flush=True)

    def ratios(
        self, key: str, ours: Sequence[Sample], peers: Mapping[str, Sequence[Sample]]
    ) -> None:
        """Show our medians, and each peer's with how many times ours they are."""
        own = middle(ours)
        print(f"   {'ours':28s} {_times(own)}   n={len(ours)}")
        self._keep(f"{key}/ours", "ms", own.wall * 1e3, cpu_ms=own.cpu * 1e3)
        for name, samples in peers.items():
            peer = middle(samples)
            ratio = peer.wall / own.wall
            cpu = peer.cpu / own.cpu if own.cpu and peer.cpu else float("nan")
            told = self._goal(f"{key}/{name}", ratio)
            print(
                f"   {name:28s} {_times(peer)}   wall {ratio:6.2f}x  cpu {cpu:6.2f}x"
                f"   n={len(samples)}{told}",
                flush=True,
            )
            self._keep(
                f"{key}/{name}",
                "x",
                ratio,
                cpu_ratio=cpu,
                ms=peer.wall * 1e3,
                cpu_ms=peer.cpu * 1e3,
            )

    def number(self, key: str, name: str, value: float, unit: str) -> None:
        """Show one number."""
        print(f"   {name:28s} {value:12,.2f} {unit}{self._goal(key, value)}", flush=True)
        self._keep(key, unit, value)

    def summary(self) -> None:
        """Name the goals whose floor was missed."""
        judged = sum(1 for finding in self.findings if finding["key"] in GOALS)
        print(f"\n{judged} goals judged, {len(self.missed)} below their floor")
        for key in self.missed:
            print(f"   {key}")

    def write(self, path: Path) -> None:
        """Write every number as JSON."""
        machine = {"python": platform.python_version(), "system": platform.platform()}
        machine["cores"] = str(os.cpu_count())
        path.write_text(json.dumps({"machine": machine, "findings": self.findings}, indent=1))

    def _goal(self, key: str, got: float) -> str:
        goal = GOALS.get(key)
        if goal is None:
            return ""
        if goal.verdict(got) == "BELOW FLOOR":
            self.missed.append(key)
        return f"   {goal.text(got)}"

    def _keep(self, key: str, unit: str, value: float, **more: float) -> None:
        self.findings.append({"key": key, "unit": unit, "value": value, **more})


def _times(sample: Sample) -> str:
    return f"{sample.wall * 1e3:9.1f} ms  cpu {sample.cpu * 1e3:9.1f} ms"
