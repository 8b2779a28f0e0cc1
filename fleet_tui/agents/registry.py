"""The agents this program can drive, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.agents.claude import ClaudeAdapter
from fleet_tui.agents.codex import CodexAdapter
from fleet_tui.agents.shell import ShellAdapter
from fleet_tui.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.agents.base import AgentAdapter
    from fleet_tui.model.run import AgentName

ADAPTERS: Mapping[AgentName, AgentAdapter] = {
    "claude": ClaudeAdapter(),
    "codex": CodexAdapter(),
    "shell": ShellAdapter(),
}


def adapter(name: str) -> AgentAdapter:
    """Return the adapter called `name`; raises UsageError for an unknown one."""
    for known, found in ADAPTERS.items():
        if known == name:
            return found
    raise UsageError(f"there is no agent {name!r}", mend=f"use one of {', '.join(ADAPTERS)}")
