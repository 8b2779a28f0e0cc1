"""An agent's session taken up by a person, on a terminal of its host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.errors import UsageError

if TYPE_CHECKING:
    from fleet_tui.model.run import AgentName


def interactive_argv(agent: AgentName, binary: str, session: str) -> tuple[str, ...]:
    """Return what resumes `session` on a terminal; raises UsageError for a plain command."""
    match agent:
        case "claude":
            return (binary, "--resume", session)
        case "codex":
            return (binary, "resume", session)
        case "shell":
            raise UsageError(
                "a plain command has no session to take up", mend="open a shell on its host"
            )
