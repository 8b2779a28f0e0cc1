"""Takes messages in: names their parties, cuts loops, and logs them before anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.journal import LogEntry, log_message
from fleet_tui.model.errors import Refused, UsageError
from fleet_tui.model.peer import OPERATOR, TEXT_LIMIT, Message, Peer, choose_peer
from fleet_tui.model.text import sanitize
from fleet_tui.peers import guard
from fleet_tui.peers.framing import explicit_reply, is_done
from fleet_tui.peers.intake import Intake

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleet_tui.context import FleetContext
    from fleet_tui.model.peer import RouteName, Urgency
    from fleet_tui.peers.store import PeerStore, Talk

BY_A_PERSON = -1
"""Hops of a message that the operator of another fleet wrote: a new chain begins."""


class Post:
    """The way in for every message, whoever wrote it."""

    def __init__(
        self,
        context: FleetContext,
        store: PeerStore,
        kick: Callable[[], None],
        changed: Callable[[], None],
    ) -> None:
        self._context = context
        self._store = store
        self._kick = kick
        self._changed = changed
        self._intake = Intake(store)

    def resolve(self, word: str) -> Peer:
        """Return the peer that a word means; raises UsageError."""
        return choose_peer(word, self._store.peers())

    async def send(
        self,
        sender: str,
        recipient: str,
        text: str,
        *,
        urgency: Urgency = "normal",
        reply_to: str = "",
        batch: str = "",
        route: RouteName | None = None,
    ) -> Message:
        """Take one message; returns once it is in the log and the store.

        Raises UsageError for a recipient that is none, Refused for a loop or a flood,
        JournalError when it cannot be logged; nothing is kept then.
        """
        to = OPERATOR if recipient == OPERATOR else self.resolve(recipient).name
        (message,) = await self.send_many(
            sender, [to], text, urgency=urgency, reply_to=reply_to, batch=batch, route=route
        )
        return message

    async def send_many(
        self,
        sender: str,
        recipients: Sequence[str],
        text: str,
        *,
        urgency: Urgency = "normal",
        reply_to: str = "",
        batch: str = "",
        route: RouteName | None = None,
        identifier: str = "",
        hops: int = 0,
    ) -> tuple[Message, ...]:
        """Take the same text for several peers, by their durable names; all or none.

        `identifier` and `hops` are those of a single message that comes from another fleet.
        """
        self._context.require_keeping()
        text = _checked(text)
        now = self._context.clock.time()
        answered = self._answered(sender, recipients, text, reply_to)
        messages = []
        for to in recipients:
            talk = guard.talk_before(self._store, sender, to, now)
            led = guard.hops_of(talk, to, answered, now)
            own = identifier or self._context.new_id("m")
            message = Message(
                id=own,
                sender=sender,
                recipient=to,
                text=text,
                thread=answered.thread if answered else batch or own,
                created_at=now,
                urgency=urgency,
                reply_to=answered.id if answered else "",
                hops=0 if hops == BY_A_PERSON else max(led, hops),
                rung="handed-over" if to == OPERATOR else "queued",
                route="operator" if to == OPERATOR else route,
                batch=batch,
                is_read=to != OPERATOR,
            )
            await self._guarded(message, talk)
            messages.append(message)
        await self._context.log.append([self._entry(m) for m in messages], durable=True)
        await self._intake.add(messages)
        if answered is not None:
            self._store.climb(answered.id, "replied", replied_by=messages[0].id)
        is_carried = any(self._store.is_carried(message.recipient) for message in messages)
        (self._kick if is_carried else self._changed)()
        return tuple(messages)

    def _answered(
        self, sender: str, recipients: Sequence[str], text: str, reply_to: str
    ) -> Message | None:
        """Return the message that this one answers: named, or by the DONE convention."""
        named = reply_to or explicit_reply(text)
        if named:
            found = self._store.message(named)
            if found is None:
                if reply_to:
                    raise UsageError(f"no message {named} to reply to")
                return None
            if found.recipient != sender:
                raise Refused(
                    f"{named} was not sent to {sender}",
                    mend="a message is answered by its recipient alone",
                )
            return found
        if is_done(text) and len(recipients) == 1:
            waiting = self._store.messages(
                "recipient = ? AND sender = ? AND rung != 'replied'",
                sender,
                recipients[0],
                limit=1,
                newest=True,
            )
            return waiting[0] if waiting else None
        return None

    async def _guarded(self, message: Message, talk: Talk | None) -> None:
        try:
            guard.check(talk, message)
        except guard.LoopCut as cut:
            pair = " and ".join(sorted((message.sender, message.recipient)))
            await self._context.log.append(
                [
                    LogEntry(
                        "refused",
                        {
                            "kind": "peer",
                            "from": message.sender,
                            "to": message.recipient,
                            "hops": message.hops,
                            "why": cut.what,
                            "by": self._context.by,
                            "epoch": self._context.epoch(),
                        },
                    )
                ],
                durable=True,
            )
            self._context.notice(f"loop/{pair}", "warning", "peers-loop", "fleet", str(cut))
            raise

    def _entry(self, message: Message) -> LogEntry:
        return LogEntry(
            "message",
            {
                "kind": "peer",
                "id": message.id,
                "from": message.sender,
                "to": message.recipient,
                "thread": message.thread,
                "urgency": message.urgency,
                "reply-to": message.reply_to or None,
                "hops": message.hops,
                "by": self._context.by,
                "epoch": self._context.epoch(),
                "msg": log_message(message.text),
            },
        )


def _checked(text: str) -> str:
    clean = sanitize(text).strip()
    if not clean:
        raise UsageError("the message is empty")
    if len(clean) > TEXT_LIMIT:
        raise UsageError(
            f"the message has {len(clean):,} characters, {TEXT_LIMIT:,} are allowed",
            mend="put it into a file on that host and name the file",
        )
    return clean
