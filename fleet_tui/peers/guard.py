"""Cuts loops between agents: a chain of answers that grows too long, a pair that talks too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.errors import Refused
from fleet_tui.model.peer import OPERATOR

if TYPE_CHECKING:
    from fleet_tui.model.peer import Message
    from fleet_tui.peers.store import PeerStore, Talk

MAX_HOPS = 20
"""Messages of agents answering each other before a person must say something."""
CHAIN_SECONDS = 600.0
"""A message to whom one has just heard from within this time continues that chain."""
RATE = 30
RATE_SECONDS = 60.0
"""So many messages between two peers within so many seconds, in both directions together."""
SENDER_RATE = 200
"""So many messages of one agent to all others in that time: longer rings are cut by this."""
QUEUE_LIMIT = 500
"""Messages that may wait for one recipient; more are refused, never dropped."""


class LoopCut(Refused):
    """Two agents answered each other for too long."""


def talk_before(store: PeerStore, sender: str, recipient: str, now: float) -> Talk | None:
    """Return what was said before a message that is about to be sent; None with the operator."""
    if OPERATOR in (sender, recipient):
        return None
    return store.talk(sender, recipient, now - RATE_SECONDS)


def hops_of(talk: Talk | None, recipient: str, answered: Message | None, now: float) -> int:
    """Return how many messages of agents lead to one that is about to be sent.

    Whether or not it names what it answers: a message to a peer continues the newest one from
    that peer. Where a person spoke in between, or nobody for a while, a new chain begins.
    """
    if talk is None:
        return 0
    chain = []
    if answered is not None:
        chain.append((answered.sender, answered.created_at, answered.hops))
    if talk.heard_at is not None and talk.heard_at > now - CHAIN_SECONDS:
        chain.append((recipient, talk.heard_at, talk.heard_hops or 0))
    since = talk.spoken_at or 0.0
    return max((hops + 1 for who, at, hops in chain if who != OPERATOR and at > since), default=0)


def check(talk: Talk | None, message: Message) -> None:
    """Refuse a message that continues a loop or floods its recipient; raises Refused."""
    if talk is None:
        return
    pair = f"{message.sender} and {message.recipient}"
    if message.hops > MAX_HOPS:
        raise LoopCut(
            f"{pair} have answered each other {message.hops} times without a person",
            mend="say something to one of them as the operator, and they may go on",
        )
    if talk.exchanged >= RATE:
        raise LoopCut(
            f"{pair} exchanged {RATE} messages within {RATE_SECONDS:.0f} seconds",
            mend="wait a minute, or say it in one message",
        )
    if talk.said >= SENDER_RATE:
        raise LoopCut(
            f"{message.sender} sent {SENDER_RATE} messages within {RATE_SECONDS:.0f} seconds",
            mend="wait a minute; a broadcast is one message to many",
        )
    if talk.waiting >= QUEUE_LIMIT:
        raise Refused(
            f"{QUEUE_LIMIT} messages wait for {message.recipient} already",
            mend="see what keeps it from reading: `fleet-tui peers list`",
        )
