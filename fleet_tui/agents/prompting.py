"""The standard input of an agent: its prompt, then what the operator added."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.errors import UsageError

if TYPE_CHECKING:
    from fleet_tui.model.agent import AgentRequest


def prompt_bytes(request: AgentRequest) -> bytes:
    """Return prompt and extra input, an empty line between them; raises UsageError without any.

    The prompt is never an argument: one that begins with a dash would be an option, and a list
    option would swallow it.
    """
    prompt = request.prompt.encode("utf-8", "replace")
    if not prompt.strip() and not request.stdin.strip():
        raise UsageError("there is no prompt", mend="say what the agent is to do")
    return prompt + b"\n\n" + request.stdin if request.stdin else prompt
