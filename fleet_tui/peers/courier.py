"""Brings messages up the ladder: hands over what is due, looks for proof, gives up in the open.

A message is handed to one generation of its recipient once. It is handed over again only when
that generation is gone and its transcript does not hold the message; so a model is shown it at
most once, and it is lost at no kill. Without proof it is `unknown`, never more.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError
from fleet_tui.model.peer import OPERATOR, PROVES
from fleet_tui.model.text import one_line
from fleet_tui.peers import carriers as ways
from fleet_tui.peers.proof import Proof, Question, prove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fleet_tui.context import FleetContext
    from fleet_tui.model.peer import Message, Peer, RouteName
    from fleet_tui.peers.carriers import Carrier
    from fleet_tui.peers.post import Post
    from fleet_tui.peers.store import PeerStore

MAX_ATTEMPTS = 6
"""Hand-overs and failures after which a message is undeliverable."""
FIRST_RETRY, LAST_RETRY = 5.0, 300.0
LEASE_SECONDS = 60.0
PATIENCE_NORMAL = 120.0
"""How long a normal message waits for a busy session to be idle."""
WATCH_FOR = 6 * 3600.0
"""How long proof and answers are looked for after a hand-over."""
PROOF_EVERY = (0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0, 5.0, 10.0, 20.0, 30.0)
"""Seconds between looks into a transcript; the last one repeats."""
ECHO_EVERY = 0.25
"""Seconds between looks for an echo; that asks nothing of any host."""
CHANNEL_WITHIN = 20.0
"""Seconds in which an idle session begins a turn for what its channel pushes, if it is open."""
FIND_EVERY = 5.0
"""Seconds after which what other programs handed over is looked after here too."""
AT_ONCE = 8
IDS_AT_ONCE = 1_000
"""Message ids in one look; more would not fit on a command line."""
_ANSWERS_ALOUD = ("socket", "stdin", "resume")
"""Ways that begin a turn, whose last words are the answer; with tools, a session replies."""


class Courier:
    """Works on one store; several programs may, a lease keeps each message to one of them."""

    def __init__(
        self,
        context: FleetContext,
        store: PeerStore,
        carriers: tuple[Carrier, ...],
        post: Post,
        changed: Callable[[], None],
        owner: str,
    ) -> None:
        self._context = context
        self._store = store
        self._carriers = carriers
        self._post = post
        self._changed = changed
        self._owner = owner
        self._looks: dict[str, tuple[int, float]] = {}
        """Message id to how often its transcript was looked at, and when to look again."""
        self._told: dict[str, str] = {}
        """Messages said on a run's standard input that it did not say back yet: id to run."""
        self._handed_before = -1
        self._find_again = 0.0
        self._busy: set[str] = set()
        self._gates: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(AT_ONCE)
        )

    async def work(self) -> float:
        """Do all that is due now; returns after how many seconds to come back."""
        now = self._context.clock.time()
        by_peer: defaultdict[str, list[Message]] = defaultdict(list)
        for message in self._store.due(now):
            if message.id not in self._busy:
                by_peer[message.recipient].append(message)
        batches = (self._batch(name, messages) for name, messages in by_peer.items())
        await asyncio.gather(*batches, self._watch(now))
        return self._pause(self._context.clock.time())

    def _pause(self, now: float) -> float:
        waiting = [at for _, at in self._looks.values()]
        if (next_due := self._store.next_due(now)) is not None:
            waiting.append(next_due)
        longest = ECHO_EVERY if self._told else 5.0
        return min(max(0.05, min(waiting) - now), longest) if waiting else longest

    # --- handing over -----------------------------------------------------------------------

    async def _batch(self, name: str, messages: list[Message]) -> None:
        """Hand one peer its messages in their order, after one look into its transcript."""
        peer = self._store.peer(name)
        now = self._context.clock.time()
        if peer is None:
            for message in messages:
                self._give_up(message, "its recipient is not known any more")
            return
        ready = [message for message in messages if self._is_ready(peer, message, now)]
        self._busy.update(message.id for message in ready)
        try:
            if ready:
                async with self._gates[peer.host]:
                    await self._hand_all(peer, ready)
        finally:
            self._busy.difference_update(message.id for message in ready)
            self._changed()

    def _is_ready(self, peer: Peer, message: Message, now: float) -> bool:
        """Lease a message that can be handed over now; put off one that cannot."""
        if message.rung == "unknown" and peer.generation <= message.handed_generation:
            self._store.postpone(message.id, now + LAST_RETRY, message.detail)
        elif ways.choose(self._carriers, peer, message) is None:
            why = "it takes its messages itself" if peer.is_live else "it waits until it is back"
            self._store.postpone(message.id, now + FIRST_RETRY * 3, why)
        elif (wait := _ready_in(message, peer, now)) > 0:
            self._store.postpone(message.id, now + wait, f"it waits until {peer.label} is idle")
        else:
            return self._store.lease(message.id, self._owner, now, LEASE_SECONDS)
        return False

    async def _hand_all(self, peer: Peer, messages: list[Message]) -> None:
        try:
            proof = await self._proof_of(peer, messages)
        except (FleetError, TimeoutError) as error:
            for message in messages:
                self._failed(message, message.attempts, _words(error))
            return
        for number, message in enumerate(messages):
            if not await self._hand(peer, message, proof):
                later = self._context.clock.time() + FIRST_RETRY
                for other in messages[number + 1 :]:
                    self._store.postpone(other.id, later, "it waits for the one before it")
                return

    async def _hand(self, peer: Peer, message: Message, proof: Proof) -> bool:
        """Hand over what is not there already, noting the attempt first; False if it failed."""
        if message.id in proof.seen:
            self._take_proof(message, proof)
            return True
        is_same = message.handed_generation == peer.generation and proof.is_alive
        if is_same and message.id in proof.queued:
            route = message.route or "socket"
            self._handed(message, route, "in its queue", message.base_offset)
            return True
        self._store.begin_attempt(message.id, peer.generation, proof.size)
        try:
            route, how = await ways.hand(self._carriers, peer, message)
        except (FleetError, TimeoutError) as error:
            self._failed(message, message.attempts + 1, _words(error))
            return False
        self._handed(message, route, how, proof.size)
        if route == "resume":
            self._store.begin_attempt(message.id, peer.generation + 1, proof.size)
        self._looks[message.id] = (0, self._context.clock.time() + PROOF_EVERY[0])
        if route == "stdin":
            self._told[message.id] = peer.run
        return True

    def _handed(self, message: Message, route: RouteName, how: str, offset: int) -> None:
        self._store.climb(
            message.id,
            "handed-over",
            route=route,
            detail=f"{how}; proof would be {PROVES[route]}",
            handed_at=self._context.clock.time(),
            base_offset=offset,
        )

    async def _proof_of(self, peer: Peer, messages: list[Message]) -> Proof:
        """Return what the transcript holds since the first attempt; before one, its length."""
        if not peer.session or peer.kind != "claude":
            return Proof()
        connection = await self._context.pool.connection(peer.host)
        tried = [message for message in messages if message.attempts]
        offset = max(0, min(m.base_offset for m in tried)) if tried else -1
        ids = tuple(message.id for message in tried)
        found = await prove(connection, [Question(peer.session, peer.pid, offset, ids)])
        return found.get(peer.session, Proof())

    def _failed(self, message: Message, attempts: int, said: str) -> None:
        if attempts >= MAX_ATTEMPTS:
            self._give_up(message, said)
            return
        now = self._context.clock.time()
        wait = min(LAST_RETRY, FIRST_RETRY * 2 ** max(0, attempts - 1))
        self._store.postpone(message.id, now + wait, one_line(said))

    def _give_up(self, message: Message, said: str) -> None:
        if self._store.climb(message.id, "undeliverable", detail=one_line(said)):
            self._looks.pop(message.id, None)
            text = f"a message of {message.sender} to {message.recipient} is undeliverable: {said}"
            self._context.notice(
                f"undeliverable/{message.recipient}",
                "warning",
                "peers-undeliverable",
                "fleet",
                text,
            )
            self._changed()

    # --- proof ------------------------------------------------------------------------------

    async def _watch(self, now: float) -> None:
        """Look into the transcripts of those that were handed something."""
        self._find_watched(now)
        await self._hear_echoes(now)
        due = [identifier for identifier, (_, at) in self._looks.items() if at <= now]
        by_peer: defaultdict[str, list[Message]] = defaultdict(list)
        for message in self._store.by_ids(due):
            is_read = message.rung == "seen" and message.urgency != "fyi"
            if message.rung == "handed-over" or is_read:
                by_peer[message.recipient].append(message)
            else:
                del self._looks[message.id]
        pairs = [(self._store.peer(name), messages) for name, messages in by_peer.items()]
        by_host: defaultdict[str, list[tuple[Peer, list[Message]]]] = defaultdict(list)
        for peer, messages in pairs:
            if peer is None:
                for message in messages:
                    self._give_up(message, "its recipient is not known any more")
            else:
                by_host[peer.host].append((peer, messages[:IDS_AT_ONCE]))
        await asyncio.gather(*(self._watch_host(host, w) for host, w in by_host.items()))

    def _find_watched(self, now: float) -> None:
        """Know what is to be looked after: what was handed over here, and by other programs."""
        if self._handed_before == self._store.handed and now < self._find_again:
            return
        self._handed_before, self._find_again = self._store.handed, now + FIND_EVERY
        for message in self._store.left_by_clients():
            why = "its client is gone, and it acknowledges nothing"
            self._store.climb(message.id, "unknown", detail=why, next_at=now + LAST_RETRY)
        found = self._store.watched(now - WATCH_FOR)
        self._looks = {key: self._looks.get(key, (0, now)) for key in found}

    async def _hear_echoes(self, now: float) -> None:
        """Look at once for what a run has said back: its transcript holds it since before.

        So too once the run is over, which may be before anybody asked it what it had said.
        """
        has_echoed, get_run = self._context.run_echoed, self._context.store.get_run
        for identifier, told in tuple(self._told.items()):
            if identifier not in self._looks:
                self._told.pop(identifier, None)
                continue
            if has_echoed is None or not has_echoed(told, identifier):
                run = await asyncio.to_thread(get_run, told)
                if run is None or run.is_open:
                    continue
            self._told.pop(identifier, None)
            self._looks[identifier] = (0, now)

    async def _watch_host(self, host: str, watched: list[tuple[Peer, list[Message]]]) -> None:
        provable = [(p, m) for p, m in watched if p.session and p.kind == "claude"]
        proofs: dict[str, Proof] = {}
        if provable:
            questions = [
                Question(
                    peer.session,
                    peer.pid,
                    max(0, min(m.base_offset for m in messages)),
                    tuple(m.id for m in messages),
                )
                for peer, messages in provable
            ]
            try:
                async with self._gates[host]:
                    connection = await self._context.pool.connection(host)
                    proofs = await prove(connection, questions)
            except (FleetError, TimeoutError):
                self._later(m for _, messages in watched for m in messages)
                return
        for peer, messages in watched:
            for message in messages:
                await self._judge(peer, message, proofs.get(peer.session))
        self._changed()

    async def _judge(self, peer: Peer, message: Message, proof: Proof | None) -> None:
        """Say what is proven of one message, or that nothing can be proven any more."""
        if proof is not None and message.id in proof.seen:
            self._take_proof(message, proof)
            answer = proof.answers.get(message.id)
            if answer and message.route in _ANSWERS_ALOUD and message.urgency != "fyi":
                await self._answered(peer, message, answer)
                return
        elif message.rung == "handed-over":
            is_next = peer.generation > message.handed_generation
            has_ended = proof is not None and peer.pid and not proof.is_alive
            is_over = not peer.is_live or has_ended
            if is_next or (is_over and message.route != "resume"):
                self._unproven(message, peer)
                return
            if message.route == "channel" and self._is_ignored(peer, message):
                self._unheard(message)
                return
        self._later([message])

    def _is_ignored(self, peer: Peer, message: Message) -> bool:
        """Tell whether a session with nothing to do began no turn for what a channel pushed."""
        waited = self._context.clock.time() - (message.handed_at or 0.0)
        return peer.state == "idle" and waited > CHANNEL_WITHIN

    def _unheard(self, message: Message) -> None:
        """Let a message that a closed channel swallowed go by other ways, also to this process."""
        self._looks.pop(message.id, None)
        now = self._context.clock.time()
        why = "its channel took it, and its idle session did not: the channel is closed"
        before = message.handed_generation - 1
        self._store.climb(message.id, "unknown", detail=why, next_at=now, handed_generation=before)

    def _take_proof(self, message: Message, proof: Proof) -> None:
        if message.rung not in ("seen", "replied"):
            self._see(message, f"transcript line at byte {proof.seen[message.id]:,}")

    def _see(self, message: Message, detail: str) -> None:
        now = self._context.clock.time()
        self._store.climb(message.id, "seen", seen_at=now, detail=detail)
        self._looks[message.id] = (0, self._context.clock.time() + PROOF_EVERY[0])

    def _unproven(self, message: Message, peer: Peer) -> None:
        if message.attempts >= MAX_ATTEMPTS:
            self._give_up(message, f"handed over {message.attempts} times, never seen")
            return
        self._looks.pop(message.id, None)
        why = "its session ended, and its transcript does not hold the message"
        self._store.climb(message.id, "unknown", detail=why, next_at=self._context.clock.time())

    async def _answered(self, peer: Peer, message: Message, answer: str) -> None:
        """Pass on what the session said at the end of the turn that the message began."""
        self._looks.pop(message.id, None)
        current = self._store.message(message.id)
        if current is None or current.rung == "replied":
            return
        if message.sender != OPERATOR:
            # Another agent gets an answer only when it is sent one: an echo would be a loop.
            self._store.climb(message.id, "replied", detail="answered in its own session")
            return
        try:
            await self._post.send(peer.name, OPERATOR, answer, reply_to=message.id)
        except FleetError as error:
            self._context.notice("peers/answer", "warning", "peers-answer", peer.host, str(error))

    def _later(self, messages: Iterable[Message]) -> None:
        now = self._context.clock.time()
        for message in messages:
            count, _ = self._looks.get(message.id, (0, now))
            pause = PROOF_EVERY[min(count, len(PROOF_EVERY) - 1)]
            self._looks[message.id] = (count + 1, now + pause)


def _ready_in(message: Message, peer: Peer, now: float) -> float:
    """Return in how many seconds a message may be handed over; 0 is now."""
    if message.urgency == "interrupt" or peer.kind not in ("claude", "codex"):
        return 0.0
    if peer.state != "working":
        return 0.0
    if message.urgency == "fyi":
        return 15.0
    left = PATIENCE_NORMAL - (now - message.created_at)
    return min(5.0, left) if left > 0 else 0.0


def _words(error: Exception) -> str:
    return error.what if isinstance(error, FleetError) else "the host took too long"
