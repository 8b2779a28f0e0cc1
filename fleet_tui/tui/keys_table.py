"""The table of keys for the documentation: `python -m fleet_tui.tui.keys_table`."""

from __future__ import annotations

import sys

from fleet_tui.tui import keynames
from fleet_tui.tui.catalogue import REGISTRY

TITLES = {
    "app": "Everywhere",
    "anywhere": "Everywhere, and while something is being written",
    "main": "First screen",
    "list": "Any table",
    "lines": "Any output",
    "back": "Screens opened over it",
    "hosts": "Hosts",
    "queue": "Queue",
    "tasks": "Tasks (queue, and its own screen)",
    "task": "One task",
    "heartbeats": "Heartbeats",
    "daemons": "Daemons and schedules",
    "mcp": "MCP servers",
    "managed": "Cloud sessions",
    "cloud": "A cloud session",
    "notices": "Notifications",
    "notice": "One notification",
    "routes": "Routes of notifications",
    "output": "Output of a dispatch",
    "run": "A run (output, a host's runs)",
    "machine": "A host (hosts, output, its own screen)",
    "question": "A question of an agent",
    "promotion": "Promotion",
    "composer": "Composer",
    "host": "A host",
    "runs": "Past runs",
    "costs": "Costs",
    "log": "Fleet log",
    "gather": "Gathered answers",
    "detail": "One run",
    "pulses": "Pulses",
    "split": "Output by group",
    "peers": "Peers",
    "peer": "A peer",
    "talk": "A conversation with a peer",
    "conference": "A conference",
    "threads": "Conversations on hosts",
    "thread": "One conversation",
    "doctor": "Doctor",
}


def markdown() -> str:
    """Return the keys and commands of every action, by where they work."""
    lines: list[str] = []
    for scope, title in TITLES.items():
        actions = [action for action in REGISTRY if action.scope == scope]
        lines += ["", f"**{title}**", "", "| keys | does | command | id |", "|---|---|---|---|"]
        for action in actions:
            keys = " ".join(f"`{keynames.label(key)}`" for key in action.keys)
            command = f"`:{' '.join((action.command, action.argument)).strip()}`"
            shown = command if action.command else ""
            lines.append(f"| {keys} | {action.title} | {shown} | `{action.id}` |")
    return "\n".join(lines[1:]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
