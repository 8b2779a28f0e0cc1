"""What a face is shown of routes and of where each notice got to. Times are Unix seconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from fleet_tui.model.snapshot import PartView

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.notice import Notice

DeliveryState = Literal["queued", "sent", "accepted", "seen", "failed", "skipped"]
"""`queued` waits; `sent` has left without an answer; `accepted` the service has it; `seen` a person
has acknowledged it; `failed` is not tried again; `skipped` was acknowledged before its time."""


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """How far one notice got on one route."""

    route: str
    state: DeliveryState
    since: float
    attempts: int
    answer: str
    """The proof: the service's own words, sanitized; empty before there are some."""
    due: float | None = None
    """When it is tried next; None unless it is queued."""


@dataclass(frozen=True, slots=True)
class RouteView:
    """A route and its health."""

    name: str
    kind: str
    queued: int = 0
    failed: int = 0
    accepted_at: float | None = None
    """When a service last took something on it."""
    last: str = ""
    """The last answer, sanitized."""
    is_failing: bool = False


@dataclass(frozen=True, slots=True)
class NoticeProof:
    """What is known of one notice beyond the notice itself."""

    deliveries: tuple[DeliveryView, ...] = ()
    acknowledged_at: float | None = None
    acknowledged_by: str = ""


@dataclass(frozen=True, slots=True)
class PhoneButton:
    """A button that a question was sent with, on a telephone that is held here."""

    decision: str
    """`allow` or `deny`."""
    route: str
    expires_at: float
    is_used: bool = False
    """Whether the question was answered with one of its buttons before."""


@dataclass(frozen=True, slots=True)
class WayView:
    """A way in: the receiver's door to a host, a topic that is followed, a topic of answers."""

    kind: str
    """`receiver`, `follow` or `reply`."""
    name: str
    """The host, or the route."""
    is_open: bool
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RoutesView(PartView):
    """All routes, and the newest notices' deliveries by notice id."""

    routes: tuple[RouteView, ...] = ()
    proofs: Mapping[str, NoticeProof] = field(default_factory=dict)
    mutes: Mapping[tuple[str, str], float] = field(default_factory=dict)
    """Until when notices of an event from a source go nowhere, by both."""
    ways: tuple[WayView, ...] = ()
    """The ways on which notices of others come in."""
    earlier: tuple[Notice, ...] = ()
    """Notices of earlier sessions, oldest first."""

    def is_known(self, notice: str) -> bool:
        """Tell whether somebody has acknowledged a notice."""
        proof = self.proofs.get(notice)
        return proof is not None and proof.acknowledged_at is not None
