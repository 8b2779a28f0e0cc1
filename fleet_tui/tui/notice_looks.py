"""How far a notice got, as a person sees it: a glyph, a word and a colour role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui.states import Look

if TYPE_CHECKING:
    from fleet_tui.model.notice import Notice
    from fleet_tui.model.routes_view import DeliveryState, NoticeProof, RoutesView, RouteView

DELIVERIES: dict[DeliveryState, Look] = {
    "failed": Look("✗", "failed", "bad"),
    "queued": Look("…", "queued", "wait"),
    "sent": Look("↗", "sent", "wait"),
    "accepted": Look("✓", "accepted", "ok"),
    "seen": Look("◉", "seen", "ok"),
    "skipped": Look("·", "skipped", "faint"),
}
"""The one that needs a person most stands first."""
KNOWN = Look("✓", "known", "muted")
MUTED = Look("⊘", "muted", "muted")
HERE = Look("·", "here", "faint")


def far_look(notice: Notice, view: RoutesView | None) -> tuple[Look, str]:
    """Return how far a notice got by its worst route, and how many routes stand so."""
    proof = view.proofs.get(notice.id) if view is not None else None
    if proof is not None and proof.acknowledged_at is not None:
        return KNOWN, ""
    if view is not None and (notice.event, notice.source) in view.mutes:
        return MUTED, ""
    return _worst(proof)


def _worst(proof: NoticeProof | None) -> tuple[Look, str]:
    if proof is None or not proof.deliveries:
        return HERE, ""
    states = [delivery.state for delivery in proof.deliveries]
    worst = next(state for state in DELIVERIES if state in states)
    many = f" {states.count(worst)}/{len(states)}" if len(states) > 1 else ""
    return DELIVERIES[worst], many


def route_look(route: RouteView) -> Look:
    """Return how a route stands."""
    if route.is_failing:
        return Look("✗", "failing", "bad")
    if route.queued:
        return Look("…", "waiting", "wait")
    if route.accepted_at is not None:
        return Look("✓", "works", "ok")
    return Look("·", "not tried", "faint")
