"""What tells the same as each place of the screen in plain text, for scripts and screen readers."""

from __future__ import annotations

TWINS = {
    "hosts": "hosts",
    "host": "hosts",
    "queue": "queue list",
    "tasks": "queue list",
    "task": "queue show TASK",
    "report": "queue list --json",
    "heartbeats": "heartbeats",
    "daemons": "daemon list",
    "mcp": "mcp status",
    "managed": "managed list",
    "managed-talk": "managed attach ID",
    "peers": "peers list",
    "sessions": "peers list",
    "talk": "peers inbox",
    "conference": "peers conference",
    "notices": "notify list",
    "notice": "notify list --json",
    "routes": "notify test",
    "output": "attach RUN",
    "gather": "run TARGET --gather",
    "split": "attach RUN",
    "detail": "runs RUN",
    "runs": "runs",
    "costs": "costs",
    "log": "log",
    "pulses": "hosts --json",
    "threads": "threads",
    "thread": "threads SESSION",
    "doctor": "doctor",
    "promotion": "promote HOST",
    "composer": "run TARGET -- PROMPT",
    "question": "attach RUN",
}
"""A place of the action registry to the arguments of `fleet-tui`."""


def twin(place: str) -> str:
    """Return the command line that tells the same as a place; empty when it shows nothing."""
    return f"fleet-tui {TWINS[place]}" if place in TWINS else ""
