"""What the operator has typed into the composer and not sent yet."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Draft:
    """The composer's fields as typed; it outlives the composer."""

    target: str = ""
    prompt: str = ""
    agent: str = ""
    """Empty: what host and defaults say."""
    mode: str = ""
    budget: str = ""
    timeout: str = ""
    stdin_path: str = ""
    named: str = ""
    """Host names typed again for `unrestricted`."""
    on_limit: str = ""
    """Empty: as configured."""
    opens: str = ""
    """What of the repository may run, words with a space between them; for one dispatch only."""
    mcp: str = ""
    """Names of MCP servers that the agent is given; for one dispatch only."""
    suggested: str = ""
    """The target that was filled in; while it stands alone another may take its place."""
