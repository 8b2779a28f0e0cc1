"""Looks into a recipient's own transcript: whether a message is there, and what was answered."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_tui.model.errors import Unreachable
from fleet_tui.model.text import sanitize
from fleet_tui.peers.discovery import answer_lines
from fleet_tui.peers.scripts import PROOF, PROOF_LINE
from fleet_tui.transport.shell import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_tui.transport.base import Connection

PROOF_WITHIN = 30.0
ANSWER_BYTES = 8 << 20
ANSWER_LIMIT = 16_000
"""Characters of an answer that are kept; the whole is in the session's transcript."""


@dataclass(frozen=True, slots=True)
class Question:
    """What to look for in one session's transcript."""

    session: str
    pid: int
    offset: int
    """From which byte on; 0 is all of it, -1 asks for its length alone."""
    ids: tuple[str, ...]


@dataclass(slots=True)
class Proof:
    """What a transcript shows."""

    size: int = -1
    """Its length in bytes; -1 when the session has none yet."""
    started: str = "-"
    """Start time of the session's process as its host writes it; `-` when it has ended."""
    seen: dict[str, int] = field(default_factory=dict)
    """Message id to the byte at which the line that holds it begins."""
    queued: set[str] = field(default_factory=set)
    """Messages that the session has taken in, whether or not its model was shown them."""
    answers: dict[str, str] = field(default_factory=dict)
    """Message id to what the session said at the end of the turn that began with it."""

    @property
    def is_alive(self) -> bool:
        """True when its process runs."""
        return self.started != "-"


async def prove(connection: Connection, questions: Iterable[Question]) -> dict[str, Proof]:
    """Return what the transcripts of these sessions show, by session, in one round trip.

    Raises Unreachable, TimeoutError, FleetError.
    """
    asked = list(questions)
    words = [
        word
        for question in asked
        for word in (
            question.session,
            str(question.pid),
            "end" if question.offset < 0 else str(question.offset),
            ",".join(question.ids) or "-",
        )
    ]
    line = " ".join([PROOF_LINE, *map(quote, words)])
    done = await connection.run(
        line, stdin=PROOF.encode(), timeout=PROOF_WITHIN, limit=ANSWER_BYTES
    )
    host = connection.host.name
    if done.status.is_lost:
        raise Unreachable(done.status.reason or "the connection was lost", host=host, fault="lost")
    return parse_proof(host, done.stdout)


def parse_proof(host: str, stdout: bytes) -> dict[str, Proof]:
    """Return what an answer of the script says; raises FleetError when it is no whole answer."""
    proofs: dict[str, Proof] = {}
    proof = Proof()
    open_ids: list[str] = []
    for key, value in answer_lines(host, stdout):
        first, _, rest = value.partition(" ")
        if key == "of":
            proof = proofs.setdefault(first, Proof())
            proof.started = rest or "-"
            open_ids = []
        elif key == "size" and first.isdigit():
            proof.size = int(first)
        elif key == "queued":
            proof.queued.update(rest.split())
        elif key == "seen" and first.isdigit():
            for identifier in rest.split():
                proof.seen.setdefault(identifier, int(first))
                open_ids.append(identifier)
        elif key == "answer" and open_ids:
            said = _said(rest)
            if said:
                for identifier in open_ids:
                    proof.answers.setdefault(identifier, said)
                open_ids = []
    return proofs


def _said(line: str) -> str:
    """Return the text blocks of an assistant's line of a transcript."""
    try:
        event = json.loads(line)
        blocks = event["message"]["content"]
        texts = [b["text"] for b in blocks if isinstance(b, dict) and b.get("type") == "text"]
        joined = "\n".join(text for text in texts if isinstance(text, str)).strip()
    except (ValueError, KeyError, TypeError):
        return ""
    if len(joined) > ANSWER_LIMIT:
        joined = joined[:ANSWER_LIMIT] + "\n… (cut; the whole is in the session's transcript)"
    return sanitize(joined)
