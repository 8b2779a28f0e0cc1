"""Answers the program's own probe from the host's personality, without running its script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.demo import powershell
from fleet_tui.health.probe_scripts import AGENT_COMMANDS, MARKER

if TYPE_CHECKING:
    from fleet_tui.demo.host import Personality


def is_probe(line: str) -> bool:
    """Return whether `line` carries the probe, in either of its two languages."""
    script = powershell.decode(line)
    text = line if script is None else script
    return f"{MARKER}=1" in text and f"{MARKER}-end=1" in text


def answer(host: Personality) -> bytes:
    """Return what the probe's script would have printed on `host`."""
    lines = [
        f"{MARKER}=1",
        f"hostname={host.name}",
        f"system={host.kernel}",
        f"home={host.home}",
        f"disk-free={host.disk_free}",
        f"uptime={host.uptime():.2f}",
    ]
    for agent in AGENT_COMMANDS:
        if path := host.spec.agents.get(agent):
            lines += [f"agent.{agent}.path={path}"]
            lines += [f"agent.{agent}.version={host.agent_version(agent)}"]
    lines.append(f"{MARKER}-end=1")
    return "\n".join(lines).encode() + b"\n"
