"""Claude Code, driven without a screen: `claude -p --output-format stream-json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from fleet_tui.agents.claude_command import claude_command, keeps_talking
from fleet_tui.agents.claude_dialogue import ClaudeDialogue
from fleet_tui.agents.claude_parser import ClaudeParser

if TYPE_CHECKING:
    from fleet_tui.agents.base import CommandLine
    from fleet_tui.model.agent import AgentRequest
    from fleet_tui.model.run import AgentName, Mode
    from fleet_tui.transport.base import SignalName


class ClaudeAdapter:
    """Adapter for Claude Code 2.1 and later."""

    name: AgentName = "claude"
    modes: frozenset[Mode] = frozenset({"read", "write", "unrestricted"})
    speaks: Literal["bytes", "events"] = "events"
    interrupt: SignalName = "INT"

    def command(self, request: AgentRequest) -> CommandLine:
        """Return what to start; raises UsageError for a request it cannot carry out."""
        return claude_command(request)

    def parser(self, request: AgentRequest | None = None) -> ClaudeParser:
        """Return a fresh parser; with `request` it also checks the rights of the agent."""
        return ClaudeParser(request)

    def dialogue(self, request: AgentRequest) -> ClaudeDialogue | None:
        """Return a fresh dialogue for a run that can ask; None for one that cannot.

        Raises UsageError as `command` does.
        """
        return ClaudeDialogue(request) if keeps_talking(request) else None
