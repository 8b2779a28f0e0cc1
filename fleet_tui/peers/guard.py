"""Cuts loops between agents: a chain of answers that grows too long, a pair that talks too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.errors import Refused
from fleet_tui.model.peer import OPERATOR

if TYPE_CHECKING:
    from fleet_tui.model.peer import Message
    from fleet_tui.peers.store import PeerStore

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


def hops_of(store: PeerStore, sender: str, recipient: str, reply_to: str, now: float) -> int:
    """Return how many messages of agents lead to one that is about to be sent.

    Whether or not it names what it answers: a message to a peer continues the newest one from
    that peer. Where a person spoke in between, or nobody for a while, a new chain begins.
    """
    if sender == OPERATOR or recipient == OPERATOR:
        return 0
    chain = []
    if reply_to and (parent := store.message(reply_to)) is not None:
        chain.append((parent.sender, parent.created_at, parent.hops))
    heard = store.newest(recipient, sender)
    if heard is not None and heard[0] > now - CHAIN_SECONDS:
        chain.append((recipient, *heard))
    if not chain:
        return 0
    spoken = store.newest(OPERATOR, sender)
    since = spoken[0] if spoken else 0.0
    return max((hops + 1 for who, at, hops in chain if who != OPERATOR and at > since), default=0)


def check(store: PeerStore, message: Message) -> None:
    """Refuse a message that continues a loop or floods its recipient; raises Refused."""
    if OPERATOR in (message.sender, message.recipient):
        return
    pair = f"{message.sender} and {message.recipient}"
    if message.hops > MAX_HOPS:
        raise LoopCut(
            f"{pair} have answered each other {message.hops} times without a person",
            mend="say something to one of them as the operator, and they may go on",
        )
    since = message.created_at - RATE_SECONDS
    recent, said, waiting = store.traffic(message.sender, message.recipient, since)
    if recent >= RATE:
        raise LoopCut(
            f"{pair} exchanged {RATE} messages within {RATE_SECONDS:.0f} seconds",
            mend="wait a minute, or say it in one message",
        )
    if said >= SENDER_RATE:
        raise LoopCut(
            f"{message.sender} sent {SENDER_RATE} messages within {RATE_SECONDS:.0f} seconds",
            mend="wait a minute; a broadcast is one message to many",
        )
    if waiting >= QUEUE_LIMIT:
        raise Refused(
            f"{QUEUE_LIMIT} messages wait for {message.recipient} already",
            mend="see what keeps it from reading: `fleet-tui peers list`",
        )
