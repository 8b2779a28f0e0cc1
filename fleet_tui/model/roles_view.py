"""Who leads the fleet, how the mirrors stand, and what a promotion would do. Pure pictures."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from fleet_tui.model.snapshot import PartView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.host import Role

FIRST_EPOCH = 1
"""The epoch of a fleet that has never had a promotion."""


@dataclass(frozen=True, slots=True)
class RoleRecord:
    """What `fleet/role.toml` in the mirror's remote says."""

    primary: str
    epoch: int
    since: str
    """ISO-8601 time with offset, by the clock of whoever wrote it."""
    by: str
    plan: str = ""
    """Id of the promotion that wrote it: how a promotion that was cut off knows its own."""


MirrorState = Literal[
    "ok", "no-git", "absent", "no-mirror", "unreachable", "unsupported", "failed", "unknown"
]
"""`absent`: there is no agent home; `no-mirror`: it is there and not a mirror; `unsupported`: the
host has no POSIX shell."""


@dataclass(frozen=True, slots=True)
class MirrorView:
    """The agent home of one host as a git repository; every string is sanitized."""

    host: str
    state: MirrorState = "unknown"
    why: str = ""
    """One sentence, empty while all is well."""
    commit: str = ""
    branch: str = ""
    remote: str = ""
    remote_reachable: bool | None = None
    """None when nobody asked."""
    ahead: int = 0
    behind: int = 0
    edits: tuple[str, ...] = ()
    """Files that differ from the last commit, ignored ones left out; at most a hundred."""
    pulled_seconds_ago: float | None = None
    """By the host's own clock; None when it has never pulled."""
    pulls: int = 0
    size_bytes: int = 0
    """What git keeps of the repository."""
    unfit: tuple[str, ...] = ()
    """Files in the repository that do not belong there: sessions, credentials, transcripts."""
    seen_epoch: int = 0
    """The highest epoch the host has seen; 0 for none."""
    disk_free_bytes: int | None = None
    clock_off_seconds: float | None = None
    """How far the host's clock is from ours, to about the time of one round trip."""
    asked_at: float = 0.0

    @property
    def is_dirty(self) -> bool:
        """True when files were changed and not committed."""
        return bool(self.edits)

    @property
    def has_diverged(self) -> bool:
        """True when both sides have commits that the other lacks."""
        return self.ahead > 0 and self.behind > 0

    @property
    def is_clean(self) -> bool:
        """True when nothing here is missing in the remote."""
        return self.state == "ok" and not self.ahead and not self.edits


Verdict = Literal["ok", "warning", "bad"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at before a promotion."""

    topic: str
    verdict: Verdict
    evidence: str


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was checked, what would be lost, and what has to be typed."""

    candidate: str
    old_primary: str
    kind: Literal["switchover", "failover"]
    epoch: int
    """The epoch that the promotion starts from."""
    checks: tuple[Check, ...]
    losses: tuple[str, ...]
    """What the new primary would not have, a sentence each; empty when nothing is lost."""
    refusal: str = ""
    """Why it cannot be done at all; empty when it can."""
    is_resumed: bool = False
    """True when a promotion of this host was begun and not ended."""

    @property
    def must_type(self) -> str:
        """What has to be typed before it is begun."""
        return self.candidate

    @property
    def worst(self) -> Verdict:
        """The gravest verdict among the checks."""
        verdicts = {check.verdict for check in self.checks}
        return "bad" if "bad" in verdicts else "warning" if "warning" in verdicts else "ok"


StepState = Literal["waiting", "doing", "done", "left-out", "failed"]


@dataclass(frozen=True, slots=True)
class StepView:
    """One step of a promotion."""

    name: str
    title: str
    state: StepState = "waiting"
    note: str = ""


@dataclass(frozen=True, slots=True)
class RolesView(PartView):
    """Who leads, by what proof, and how the mirrors stand."""

    this_host: str
    role: Role | None
    primary: str
    epoch: int
    since: str = ""
    by: str = ""
    proof: str = ""
    """How we know: one short sentence."""
    why_observer: str = ""
    """Why this machine may only look; empty when it leads."""
    mend: str = ""
    notes: tuple[str, ...] = ()
    """Standing warnings: what was rescued, what was handed over, what is not known."""
    mirrors: Mapping[str, MirrorView] = field(default_factory=dict)
    shipped: Mapping[str, str] = field(default_factory=dict)
    """Host to how far its copy of the audit log goes."""
    steps: tuple[StepView, ...] = ()
    """The promotion that is under way, or was last."""
