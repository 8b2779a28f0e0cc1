"""What an examination of hosts says: findings, and what it could not look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]
"""`error`: runs fail or a secret is open; `warning`: they will, or something is weaker than it
seems; `note`: worth knowing."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""Worst first."""

HERE = "this machine"
"""The group of findings on the machine the program runs on. A space is in no host's name."""
FLEET = "the fleet"
"""The group of findings that concern several hosts together."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; every string is sanitized, one line."""

    host: str
    """The host, `HERE` or `FLEET`."""
    id: str
    """What kind of thing it is (`agent-missing`); stable between versions."""
    severity: Severity
    what: str
    why: str
    """Why it matters."""
    mend: str
    """The command that mends it. It is never run by itself."""
    hosts: tuple[str, ...] = ()
    """All hosts it concerns, where they are several."""


@dataclass(frozen=True, slots=True)
class NotChecked:
    """Something nothing is claimed about, and why not."""

    host: str
    id: str
    why: str


Result = Finding | NotChecked


@dataclass(frozen=True, slots=True)
class HostReport:
    """All that was found on one host, or on `HERE` or `FLEET`."""

    host: str
    findings: tuple[Finding, ...] = ()
    """Worst first."""
    unchecked: tuple[NotChecked, ...] = ()
    is_reachable: bool = True

    @property
    def worst(self) -> Severity | None:
        """The severity of the worst finding; None without any."""
        return self.findings[0].severity if self.findings else None
