"""A promotion in lines: what was looked at, what would be lost, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from fleet_tui.model.roles_view import RolesView
from fleet_tui.tui.safe import clean

if TYPE_CHECKING:
    from fleet_tui.model.roles_view import MirrorView, Preflight, StepView
    from fleet_tui.tui.store import Store
    from fleet_tui.tui.widgets.facts import Fact

VERDICTS = {"ok": ("✓", "$fleet-ok"), "warning": ("▲", "$fleet-wait"), "bad": ("✗", "$fleet-bad")}
STEPS = {
    "waiting": ("·", "$fleet-faint"),
    "doing": ("◌", "$fleet-wait"),
    "done": ("✓", "$fleet-ok"),
    "left-out": ("-", "$fleet-muted"),
    "failed": ("✗", "$fleet-bad"),
}
TOPIC = 20


def candidates(store: Store) -> list[str]:
    """Return the hosts that could be promoted, as fleet.toml has them."""
    view = store.part(RolesView)
    leads = view.primary if view is not None else ""
    return [
        name
        for name, host in store.hosts.items()
        if name != leads and host.host.roles & {"primary", "secondary"}
    ]


def first_candidate(store: Store, wanted: str, at_cursor: str) -> str:
    """Return whom to look at: who was named, the host at the cursor, this one, or the first."""
    names = candidates(store)
    view = store.part(RolesView)
    here = view.this_host if view is not None else ""
    for name in (wanted, at_cursor, here):
        if name and (name in names or name == wanted):
            return name
    return names[0] if names else ""


NO_LABEL = Content("")


def preflight_lines(found: Preflight) -> list[Fact]:
    """Return what was looked at, line by line."""
    old = found.old_primary or "nobody"
    who = (
        NO_LABEL,
        Content.assemble(
            (found.kind, "bold"),
            (f"  {clean(old)} leads with epoch {found.epoch}; ", "$fleet-muted"),
            (clean(found.candidate), "bold"),
            (" is to lead", "$fleet-muted"),
        ),
    )
    lines: list[Fact] = [who]
    if found.is_resumed:
        begun = "It was begun before, and is gone on with."
        lines.append((NO_LABEL, Content.styled(begun, "$fleet-wait")))
    lines.append((NO_LABEL, NO_LABEL))
    for check in found.checks:
        sign, style = VERDICTS[check.verdict]
        topic = (f"{clean(check.topic):<{TOPIC}} ", "$fleet-muted")
        told = Content.styled(clean(check.evidence), style if check.verdict == "bad" else "")
        lines.append((Content.assemble((f"{sign} ", style), topic), told))
    lines.append((NO_LABEL, NO_LABEL))
    if found.losses:
        lost = Content.styled("The new primary would not have", "bold $fleet-wait")
        lines.append((NO_LABEL, lost))
        mark = Content.styled("▲ ", "$fleet-wait")
        lines += [(mark, Content(clean(loss))) for loss in found.losses]
    else:
        lines.append((NO_LABEL, Content.styled("✓ Nothing would be lost.", "$fleet-ok")))
    return lines


def step_lines(steps: tuple[StepView, ...]) -> list[Fact]:
    """Return the steps of a promotion, line by line."""
    lines = []
    for step in steps:
        sign, style = STEPS[step.state]
        note = f"  {clean(step.note)}" if step.note else ""
        told = Content.assemble((clean(step.title), ""), (note, "$fleet-muted"))
        lines.append((Content.styled(f"{sign} ", style), told))
    return lines


def mirror_text(view: MirrorView | None) -> tuple[str, str]:
    """Return a mirror in a few cells, and its colour role: `9f31c07 ↓2 ✎1`."""
    if view is None or view.state in ("unknown", "unreachable"):
        return "", "faint"
    if view.state != "ok":
        return view.state, "muted" if view.state in ("absent", "unsupported") else "wait"
    parts = [view.commit[:7]]
    if view.ahead:
        parts.append(f"↑{view.ahead}")
    if view.behind:
        parts.append(f"↓{view.behind}")
    if view.edits:
        parts.append(f"✎{len(view.edits)}")
    return " ".join(parts), "wait" if view.why or view.ahead or view.edits else "muted"


def mirror_facts(view: MirrorView) -> str:
    """Return a mirror in a sentence, for the host's own screen."""
    if view.state != "ok":
        return view.why or view.state
    parts = [f"at {view.commit[:9]}"]
    if view.has_diverged:
        parts.append(f"diverged: {view.ahead} of its own, {view.behind} missing")
    elif view.ahead or view.behind:
        parts += [f"{view.ahead} ahead"] if view.ahead else [f"{view.behind} behind"]
    parts.append(f"{len(view.edits)} files edited" if view.edits else "clean")
    pulled = view.pulled_seconds_ago
    if pulled is not None:
        parts.append(f"pulled {pulled / 60:.0f} min ago" if pulled >= 60 else "pulled just now")
    if view.seen_epoch:
        parts.append(f"has seen epoch {view.seen_epoch}")
    if view.why:
        parts.append(view.why)
    return ", ".join(parts)
