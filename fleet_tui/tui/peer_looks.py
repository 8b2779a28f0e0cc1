"""Peers and messages as a person sees them: a glyph, a word and a colour role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.ids import short
from fleet_tui.model.peer import OPERATOR, PROVES
from fleet_tui.tui.states import Look

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.model.peer import Message, Peer, PeerState, Rung
    from fleet_tui.tui.widgets.log_rows import FixedLine

STATES: dict[PeerState, Look] = {
    "working": Look("●", "working", "accent"),
    "idle": Look("○", "idle", "ok"),
    "blocked": Look("■", "blocked", "wait"),
    "unknown": Look("·", "unknown", "muted"),
    "gone": Look("✗", "gone", "faint"),
}
RUNGS: dict[Rung, Look] = {
    "queued": Look("·", "queued", "muted"),
    "handed-over": Look("◌", "handed over", "wait"),
    "seen": Look("◉", "seen", "ok"),
    "replied": Look("✓", "replied", "ok"),
    "unknown": Look("?", "unknown", "wait"),
    "undeliverable": Look("✗", "undeliverable", "bad"),
}


def state_text(peer: Peer) -> str:
    """Return a peer's state with what it waits for."""
    word = STATES[peer.state].word
    return f"{word}: {peer.waits_for}" if peer.waits_for else word


def repo_text(peer: Peer) -> str:
    """Return the repository's short name with the branch, or the folder."""
    name = peer.repo.rpartition("/")[2]
    if name:
        return f"{name}@{peer.branch}" if peer.branch else name
    return peer.cwd.rpartition("/")[2] or peer.cwd


def message_lines(message: Message, clock_time: Callable[[float], str]) -> list[FixedLine]:
    """Return a message as rows of a view: who to whom, its rung with the proof, its text."""
    look = RUNGS[message.rung]
    about = [f"{message.sender} → {message.recipient}", clock_time(message.created_at)]
    if message.urgency != "normal":
        about.append(message.urgency)
    if message.reply_to:
        about.append(f"re {short(message.reply_to)}")
    if message.hops:
        about.append(f"hop {message.hops}")
    lines: list[FixedLine] = [("a", f"{short(message.id)} · {' · '.join(about)}")]
    if message.recipient != OPERATOR:
        lines.append(("m", f"{look.glyph} {look.word}{_proof(message)}"))
    lines += [("t", f"  {line}") for line in message.text.split("\n")]
    return [*lines, ("t", "")]


def _proof(message: Message) -> str:
    route = ""
    if message.route is not None:
        route = f" · by {message.route}, which can prove it by {PROVES[message.route]}"
    if message.rung in ("seen", "replied"):
        return f" · by {message.route} · {message.detail}" if message.route else ""
    detail = f" · {message.detail}" if message.detail else ""
    return f"{detail}" if message.rung == "handed-over" else f"{detail or route}"
