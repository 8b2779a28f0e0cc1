"""Answers from the phone: two buttons whose bodies carry a MAC over the exact command. Pure.

Each button POSTs to a reply topic `{"gate", "nonce", "d", "exp", "mac"}`. `mac` is HMAC-SHA256 over
gate, nonce, decision, expiry and the SHA-256 of what would run, so that a button answers one
question once, and a server that sees the buttons can press them but not change what they say.
Anything but a valid, unused, unexpired `allow` for a question that is still the same is a refusal.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast, get_args

if TYPE_CHECKING:
    from fleet_tui.model.question import Question
    from fleet_tui.model.run import Mode

Decision = Literal["allow", "deny"]
DECISIONS: tuple[Decision, ...] = get_args(Decision)
LONGEST_COMMAND = 3000
"""Characters up to which a command is shown on a phone whole; a longer one is answered here."""
MAX_BODY = 4096


@dataclass(frozen=True, slots=True)
class PhoneGate:
    """A question that may be answered from the phone."""

    id: str
    run: str
    question: str
    digest: str
    """SHA-256, hex, of what would run."""
    nonce: str
    """128 random bits, hex."""
    expires_at: float
    """Unix seconds."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer is worth."""

    is_valid: bool
    decision: Decision
    reason: str
    """Why it is refused; empty for a valid one."""
    gate: str = ""
    """The gate it names, empty when it names none that is known."""


def may_be_asked(question: Question, mode: Mode) -> bool:
    """Return whether a question may go to a phone at all.

    Never one of an unrestricted run, none whose text is not all of it, none that is a choice.
    """
    return (
        mode != "unrestricted"
        and question.kind in {"command", "tool"}
        and question.is_exact
        and len(question.text) + len(question.details) <= LONGEST_COMMAND
    )


def digest_of(question: Question) -> str:
    """Return the SHA-256, hex, of everything that decides what would run."""
    told = [question.run, question.id, question.tool, question.kind, question.text]
    exact = json.dumps([*told, question.details, question.cwd], ensure_ascii=True)
    return hashlib.sha256(exact.encode()).hexdigest()


def button_body(gate: PhoneGate, decision: Decision, key: bytes) -> str:
    """Return what the button for `decision` sends."""
    expiry = int(gate.expires_at)
    body = {
        "gate": gate.id,
        "nonce": gate.nonce,
        "d": decision,
        "exp": expiry,
        "mac": _mac(gate, decision, expiry, key),
    }
    return json.dumps(body, separators=(",", ":"))


def gate_named(body: str) -> str:
    """Return the id of the gate that an answer names; empty for what is no answer."""
    return str(_read(body).get("gate", ""))


def decision_named(body: str) -> Decision | None:
    """Return what a button says; None for what is no answer."""
    said = _read(body).get("d")
    return next((decision for decision in DECISIONS if decision == said), None)


def judge(
    body: str,
    gate: PhoneGate | None,
    key: bytes,
    *,
    now: float,
    is_used: bool,
    digest_now: str | None,
) -> Verdict:
    """Judge an answer to `gate` (None when it names none that is known).

    `digest_now` is that of the question as it stands, None when it is not open any more.
    """
    said = _read(body)
    decision = cast("Decision", said.get("d"))
    if gate is None or said.get("gate") != gate.id:
        return Verdict(False, "deny", "it answers nothing that was asked")

    def refuse(why: str) -> Verdict:
        return Verdict(False, "deny", why, gate.id)

    if decision not in DECISIONS:
        return refuse("it says neither allow nor deny")
    expiry = said.get("exp")
    if not isinstance(expiry, int) or isinstance(expiry, bool):
        return refuse("its expiry is no number")
    given = said.get("mac")
    wanted = _mac(gate, decision, expiry, key)
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), wanted.encode()):
        return refuse("its MAC is wrong: it was forged or changed")
    if not hmac.compare_digest(str(said.get("nonce")).encode(), gate.nonce.encode()):
        return refuse("its nonce is wrong")
    if now >= expiry or now >= gate.expires_at:
        return refuse("it came too late")
    if is_used:
        return refuse("the question was answered before")
    if digest_now is None:
        return refuse("the question is not open any more")
    if digest_now != gate.digest:
        return refuse("what would run has changed since it was asked")
    return Verdict(True, decision, "", gate.id)


def _mac(gate: PhoneGate, decision: Decision, expiry: int, key: bytes) -> str:
    parts = (gate.id, gate.nonce, decision, str(expiry), gate.digest)
    return hmac.new(key, "|".join(parts).encode(), hashlib.sha256).hexdigest()


def _read(body: str) -> dict[str, object]:
    try:
        found = json.loads(body[:MAX_BODY])
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
