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
