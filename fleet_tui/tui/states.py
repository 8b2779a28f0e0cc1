"""States as a person sees them: a glyph, a word and a colour role; never the colour alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.tui import fmt

if TYPE_CHECKING:
    from fleet_tui.model.host import LinkStatus
    from fleet_tui.model.notice import Severity
    from fleet_tui.model.run import RunState
    from fleet_tui.model.snapshot import RunView


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is shown; `role` is a colour role of the theme."""

    glyph: str
    word: str
    role: str


LINKS: dict[str, Look] = {
    "unknown": Look("·", "not tried", "faint"),
    "connecting": Look("◌", "dialing", "wait"),
    "up": Look("●", "up", "ok"),
    "down": Look("○", "down", "bad"),
}

RUNS: dict[RunState, Look] = {
    "queued": Look("·", "queued", "faint"),
    "connecting": Look("◌", "connecting", "wait"),
    "running": Look("●", "running", "accent"),
    "succeeded": Look("✓", "done", "ok"),
    "failed": Look("✗", "failed", "bad"),
    "cancelled": Look("⊘", "cancelled", "muted"),
    "timed-out": Look("⧖", "timed out", "bad"),
    "lost": Look("?", "lost", "bad"),
}

SEVERITIES: dict[Severity, Look] = {
    "info": Look("·", "info", "muted"),
    "warning": Look("▲", "warning", "wait"),
    "error": Look("✗", "error", "bad"),
}

CANCELLING = Look("⊘", "cancelling", "wait")
ON_ITS_OWN = Look("◌", "on its own", "wait")
PARKED = Look("⏸", "parked: limit", "wait")
LIMITED = Look("■", "blocked: limit", "wait")
ASKING = Look("?", "asks", "wait")


def run_look(view: RunView) -> Look:
    """Return how a run is shown: its state, or what holds it up."""
    run = view.run
    if run.is_open and view.is_cancelling:
        return CANCELLING
    if is_on_its_own(view):
        return ON_ITS_OWN
    if view.parked_until is not None and not run.is_open:
        return PARKED
    if run.state == "failed" and run.outcome == "rate-limited":
        return LIMITED
    if run.is_open and view.questions:
        return ASKING
    if run.state == "running" and view.activity.startswith("blocked-"):
        return Look("■", f"blocked: {view.activity.removeprefix('blocked-')}", "wait")
    if run.state == "succeeded" and run.outcome == "denied":
        return Look("✓", "done, denied", "wait")
    return RUNS[run.state]


def is_on_its_own(view: RunView) -> bool:
    """Tell whether a run goes on where we cannot hear it."""
    return view.run.is_open and view.contact_lost_at is not None


def lost_contact(view: RunView, now: float) -> str:
    """Return `lost contact 12s ago`; empty while we hear the run, and once it has ended."""
    if view.contact_lost_at is None or not view.run.is_open:
        return ""
    return f"lost contact {fmt.age(now - view.contact_lost_at)} ago"


def can_end(view: RunView) -> bool:
    """Tell whether there is something to cancel: a run that goes on, or that waits to."""
    return view.run.is_open or view.parked_until is not None


def goes_on(view: RunView, now: float) -> str:
    """Return `goes on in 12m` for a run that a limit ended and that waits.

    `resets in 12m` for one that does not, while the agent's reset time is to come; else nothing.
    """
    if view.run.is_open:
        return ""
    if view.parked_until is not None:
        return f"goes on in {fmt.age(max(view.parked_until - now, 0.0))}"
    resets_at = view.run.resets_at
    if resets_at is None or resets_at <= now:
        return ""
    return f"resets in {fmt.age(resets_at - now)}"


def link_text(link: LinkStatus, now: float, *, brief: bool = False) -> str:
    """Return the state of a connection with its source and age.

    `up · heard 2s ago`, `down · refused · 2m`; brief: `up 2s`, `down 2m refused`.
    """
    look = LINKS[link.state]
    since = fmt.age(now - link.since)
    if link.state == "up":
        if link.proven_at is None:
            return f"up {since}" if brief else f"up · for {since}"
        heard = fmt.age(now - link.proven_at)
        return f"up {heard}" if brief else f"up · heard {heard} ago"
    if link.state == "down":
        fault = link.fault or "lost"
        return f"down {since} {fault}" if brief else f"down · {fault} · {since}"
    if link.state == "connecting":
        return f"dialing {since}" if brief else f"dialing · {since}"
    return look.word
