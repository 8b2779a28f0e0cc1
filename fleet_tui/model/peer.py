"""Agent sessions that can be seen and written to, and the messages between them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fleet_tui.model.errors import UsageError
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

PeerKind = Literal["claude", "codex", "run", "client", "file", "operator"]
"""`client` speaks to the broker, `file` is an inbox of the file bus, `operator` is a person."""
PeerState = Literal["working", "idle", "blocked", "unknown", "gone"]
Urgency = Literal["interrupt", "normal", "fyi"]
Rung = Literal["queued", "handed-over", "seen", "replied", "unknown", "undeliverable"]
"""`seen` and `replied` need the recipient's transcript, or its answer; `unknown` is where no proof
came and none can come any more; nothing is ever called delivered."""
RouteName = Literal[
    "stdin", "socket", "channel", "tools", "client", "bridge", "nats", "file", "resume", "operator"
]
ScopeKind = Literal["fleet", "machine", "directory", "repo"]

URGENCIES: tuple[Urgency, ...] = ("interrupt", "normal", "fyi")
PROVEN: frozenset[Rung] = frozenset({"seen", "replied"})
SETTLED: frozenset[Rung] = frozenset({"seen", "replied", "undeliverable"})
"""Rungs from which nothing is handed over again."""

PROVES: dict[RouteName, str] = {
    "stdin": "the session's transcript",
    "socket": "the session's transcript",
    "channel": "the session's transcript",
    "tools": "the session's transcript",
    "client": "nothing but an answer",
    "bridge": "nothing but an answer",
    "nats": "a receipt of its own fleet",
    "file": "nothing but an answer",
    "resume": "the session's transcript",
    "operator": "being opened here",
}
"""What each way of delivery can prove, in words."""

OPERATOR = "operator"
"""The durable name of the person who leads the fleet."""
MESSAGE_ID = re.compile(r"\bm-[0-9A-HJKMNP-TV-Z]{26}\b")
TEXT_LIMIT = 64 * 1024
"""Characters of one message; a longer one is refused, never cut."""

_ALLOWED: dict[Rung, frozenset[Rung]] = {
    "queued": frozenset({"handed-over", "seen", "replied", "unknown", "undeliverable"}),
    "handed-over": frozenset({"queued", "seen", "replied", "unknown", "undeliverable"}),
    "unknown": frozenset({"handed-over", "seen", "replied", "undeliverable"}),
    "seen": frozenset({"replied"}),
    "undeliverable": frozenset({"seen", "replied"}),
    "replied": frozenset(),
}


def may_climb(old: Rung, new: Rung) -> bool:
    """Tell whether a message may go from one rung to another; proof is never taken back."""
    return new in _ALLOWED[old]


@dataclass(frozen=True, slots=True)
class Peer:
    """A session as last seen; strings are sanitized, times are Unix seconds of our clock."""

    name: str
    """Durable: `name@host`, the same over restarts of the session."""
    generation: int
    """Grows with each process that bears the name."""
    host: str
    kind: PeerKind = "claude"
    cwd: str = ""
    repo: str = ""
    """The normalised remote (`github.com/owner/name`), so that worktrees and clones match."""
    root: str = ""
    """The working tree's top folder."""
    branch: str = ""
    summary: str = ""
    state: PeerState = "unknown"
    source: str = ""
    """By what it is known: `registry`, `agents`, `rollout`, `run`, `broker`, `bridge`,
    `nats`, `inbox`."""
    seen_at: float = 0.0
    """When that evidence arrived."""
    session: str = ""
    run: str = ""
    """The id of our run that it is, if it is one."""
    pid: int = 0
    socket: str = ""
    """Path of its inbox socket on its host."""
    client: str = ""
    """Its id with the broker."""
    waits_for: str = ""
    """What it is blocked by, in its own words."""
    doing: str = ""
    """The prompt that it was last given; for its operator's eyes, never told to other peers."""

    @property
    def is_live(self) -> bool:
        """True unless its process is known to have ended."""
        return self.state != "gone"

    @property
    def label(self) -> str:
        """The name without the host."""
        return self.name.partition("@")[0]


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one peer; text and names are sanitized."""

    id: str
    sender: str
    recipient: str
    text: str
    thread: str
    created_at: float
    urgency: Urgency = "normal"
    reply_to: str = ""
    hops: int = 0
    """How many messages of agents answering each other led to this one."""
    rung: Rung = "queued"
    route: RouteName | None = None
    detail: str = ""
    """The proof (`transcript line at byte 18,220`), or why there is none."""
    attempts: int = 0
    next_at: float = 0.0
    handed_at: float | None = None
    handed_generation: int = 0
    base_offset: int = -1
    """Length of the recipient's transcript before it was handed over; -1 while not known."""
    seen_at: float | None = None
    replied_by: str = ""
    batch: str = ""
    """The broadcast or conference it belongs to."""
    is_read: bool = True
    """False for what came to the operator and was not opened yet."""
    sequence: int = 0
    """Its number in the store, ascending; what claude-peers clients know it by."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which peers a broadcast or a list is about."""

    kind: ScopeKind = "fleet"
    value: str = ""
    """A host, `host:/folder`, or a repository."""

    def __str__(self) -> str:
        return f"{self.kind}={self.value}" if self.value else self.kind

    def holds(self, peer: Peer) -> bool:
        """Tell whether `peer` is in it."""
        if self.kind == "machine":
            return peer.host == self.value
        if self.kind == "directory":
            host, colon, folder = self.value.partition(":")
            return peer.cwd == folder and peer.host == host if colon else peer.cwd == self.value
        if self.kind == "repo":
            return bool(peer.repo) and self.value in (peer.repo, peer.repo.rpartition("/")[2])
        return True


def parse_scope(text: str) -> Scope:
    """Return the scope written as `fleet`, `machine=HOST`, `directory=HOST:/PATH`, `repo=NAME`.

    Raises UsageError.
    """
    kind, _, value = text.strip().partition("=")
    if kind == "fleet" and not value:
        return Scope()
    if kind in ("machine", "directory", "repo") and value:
        return Scope(kind, value)  # type: ignore[arg-type]
    raise UsageError(
        f"{one_line(text, 60)!r} is not a scope",
        mend="write fleet, machine=HOST, directory=HOST:/PATH or repo=NAME",
    )


@dataclass(frozen=True, slots=True)
class Reservation:
    """A path that a peer says it is changing; advice, not a lock."""

    id: str
    holder: str
    path: str
    """`host:/folder/file` or a glob, or `repo:path` below a repository."""
    reason: str
    made_at: float
    expires_at: float
    conflicts: tuple[str, ...] = ()
    """Names of others whose open reservations meet this one."""


@dataclass(frozen=True, slots=True)
class Accounting:
    """What became of the messages of one broadcast."""

    batch: str
    total: int
    seen: int
    gone: int

    @property
    def unconfirmed(self) -> int:
        """How many were not proven seen by peers that are still there."""
        return self.total - self.seen - self.gone

    def __str__(self) -> str:
        return (
            f"{self.total} targets: {self.seen} seen, {self.unconfirmed} unconfirmed,"
            f" {self.gone} gone"
        )


def account(batch: str, messages: Iterable[Message], live: frozenset[str]) -> Accounting:
    """Count a broadcast's messages; `live` names the peers that are still there."""
    mine = [message for message in messages if message.batch == batch]
    seen = sum(message.rung in PROVEN for message in mine)
    gone = sum(m.rung not in PROVEN and m.recipient not in live for m in mine)
    return Accounting(batch, len(mine), seen, gone)


def choose_peer(word: str, peers: Iterable[Peer]) -> Peer:
    """Return the peer meant by its name, its name without host, or a session id's beginning.

    Raises UsageError when it is none or several.
    """
    known = list(peers)
    for found in (
        [peer for peer in known if peer.name == word],
        [peer for peer in known if word and word in (peer.label, peer.client)],
        [peer for peer in known if len(word) >= 4 and peer.session.startswith(word)],
        [peer for peer in known if len(word) >= 3 and peer.name.startswith(word)],
    ):
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(peer.name for peer in found[:4])
            what = f"{one_line(word, 60)!r} may be any of {names}"
            raise UsageError(what, mend="write one whole")
    raise UsageError(
        f"no peer is called {one_line(word, 60)!r}", mend="see `fleet-tui peers list --refresh`"
    )
