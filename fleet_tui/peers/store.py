"""What is known of peers and what was said between them. Calls are short and block."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from fleet_tui.model.peer import OPERATOR, Message, Peer, Rung, may_climb
from fleet_tui.peers.database import Database
from fleet_tui.peers.known import KnownPeers, read_peer
from fleet_tui.peers.schema import MESSAGE_COLUMNS, PEER_COLUMNS

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Sequence
    from pathlib import Path

ENROLLED = "enrolled:"
"""Beginning of the incarnation of a session that named itself before it was found."""

_PEER = ", ".join(PEER_COLUMNS)
_FIELDS = tuple(field.name for field in fields(Message))
_MESSAGE, _IS_READ = ", ".join(_FIELDS), _FIELDS.index("is_read")
_INSERT = (
    f"INSERT INTO messages ({', '.join(MESSAGE_COLUMNS)})"
    f" VALUES ({', '.join('?' * len(MESSAGE_COLUMNS))})"
)
_MEASURES = tuple(c for c in PEER_COLUMNS if c not in ("name", "generation"))
_UPDATE = ", ".join(f"{column} = ?" for column in (*_MEASURES, "generation", "incarnation"))

_AT_ONCE = 500
_TALK = """
SELECT heard_at, heard_hops, spoken_at,
  (SELECT count(*) FROM messages WHERE sender = :me AND recipient = :you AND created_at > :since)
  + (SELECT count(*) FROM messages WHERE sender = :you AND recipient = :me AND created_at > :since),
  (SELECT count(*) FROM messages WHERE sender = :me AND created_at > :since),
  (SELECT count(*) FROM messages WHERE recipient = :you AND rung = 'queued')
FROM (SELECT 1)
  LEFT JOIN (SELECT created_at AS heard_at, hops AS heard_hops FROM messages
    WHERE sender = :you AND recipient = :me ORDER BY sequence DESC LIMIT 1)
  LEFT JOIN (SELECT created_at AS spoken_at FROM messages
    WHERE sender = :operator AND recipient = :me ORDER BY sequence DESC LIMIT 1)
"""
_FETCHES = "SELECT name FROM peers WHERE kind = 'client' AND source NOT IN ('bridge', 'nats')"
"""Peers that come for their messages themselves; nobody carries anything to them."""
_CARRIED = f"rung IN ('queued', 'unknown') AND recipient NOT IN ({_FETCHES})"


@dataclass(frozen=True, slots=True)
class Talk:
    """What a sender and a recipient said to each other, and to others."""

    heard_at: float | None
    """When the recipient last wrote to the sender; None if never."""
    heard_hops: int | None
    spoken_at: float | None
    """When the operator last wrote to the sender."""
    exchanged: int
    """Messages between the two since a time, in both directions together."""
    said: int
    """Messages of the sender to all since that time."""
    waiting: int
    """Messages that wait for the recipient, whenever and by whomever they were sent."""


class PeerStore:
    """Peers and messages, in one file that several programs share. Raises JournalError."""

    def __init__(self, data_dir: Path, *, only_looks: bool = False) -> None:
        self.database = Database(data_dir / "peers.sqlite3", only_looks=only_looks)
        self._known = KnownPeers(self.database)
        self.handed = 0
        """Grows with each message that was handed over by this program."""

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    # --- peers ------------------------------------------------------------------------------

    def peers(self) -> tuple[Peer, ...]:
        """Return all peers that were ever seen and not forgotten, by name."""
        return self._known.all()

    def peer(self, name: str) -> Peer | None:
        """Return a peer by its durable name."""
        return self._known.find("name", name)

    def by_identity(self, identity: str) -> Peer | None:
        """Return a peer by what makes it the same one over its restarts."""
        return self._known.find("identity", identity)

    def by_client(self, client: str) -> Peer | None:
        """Return a peer by its id with the broker."""
        return self._known.find("client", client)

    def by_token(self, token: str) -> Peer | None:
        """Return the peer whose token has this digest."""
        return self._known.find("token", token)

    def is_carried(self, name: str) -> bool:
        """Tell whether what is for a recipient must be carried there; it does not fetch it."""
        peer = self.peer(name)
        return peer is None or peer.kind != "client" or peer.source in ("bridge", "nats")

    def put_peer(self, peer: Peer, *, identity: str, incarnation: str) -> Peer:
        """Take in a sighting; returns the peer with its durable name and generation.

        The same `identity` is the same peer; another `incarnation` is its next generation. A name
        that another peer bears gets a number.
        """
        self._known.changed()
        with self.database.transaction() as connection:
            known = connection.execute(
                f"SELECT {_PEER}, incarnation FROM peers WHERE identity = ?", (identity,)
            ).fetchone()
            if known is None:
                peer = replace(peer, name=_free_name(connection, peer.name), generation=1)
                columns = (*PEER_COLUMNS, "identity", "incarnation")
                connection.execute(
                    f"INSERT INTO peers ({', '.join(columns)})"
                    f" VALUES ({', '.join('?' * len(columns))})",
                    (*_values(peer, PEER_COLUMNS), identity, incarnation),
                )
                return peer
            before = read_peer(known)
            was = known["incarnation"]
            is_next = was != incarnation and not was.startswith(ENROLLED)
            peer = replace(
                peer,
                name=before.name,
                generation=before.generation + is_next,
                summary=peer.summary or before.summary,
                client=peer.client or before.client,
                run=peer.run or before.run,
            )
            connection.execute(
                f"UPDATE peers SET {_UPDATE} WHERE identity = ?",
                (*_values(peer, _MEASURES), peer.generation, incarnation, identity),
            )
            return peer

    def set_peer(self, name: str, **fields: Any) -> bool:
        """Change some columns of a peer; False when there is none of that name."""
        assignments = ", ".join(f"{column} = ?" for column in fields)
        self._known.changed()
        return bool(
            self.database.change(
                f"UPDATE peers SET {assignments} WHERE name = ?", (*fields.values(), name)
            )
        )

    def mark_gone(self, host: str, sources: Iterable[str], kept: Iterable[str], now: float) -> None:
        """Say of a host's peers known by `sources` that are not among `kept` that they ended."""
        names = set(kept)
        for peer in self.peers():
            if (
                peer.host == host
                and peer.source in sources
                and peer.is_live
                and peer.name not in names
            ):
                self.set_peer(peer.name, state="gone", seen_at=now, socket="", pid=0)

    def forget(self, before: float) -> int:
        """Remove peers that ended before a time and that no open message is for."""
        self._known.changed()
        return self.database.change(
            "DELETE FROM peers WHERE state = 'gone' AND seen_at < ? AND name NOT IN"
            " (SELECT recipient FROM messages WHERE rung IN ('queued', 'handed-over', 'unknown'))",
            (before,),
        )

    # --- messages ---------------------------------------------------------------------------

    def add(self, messages: Iterable[Message]) -> None:
        """Keep new messages, all or none."""
        with self.database.transaction() as connection:
            connection.executemany(_INSERT, [_values(m, MESSAGE_COLUMNS) for m in messages])

    def message(self, identifier: str) -> Message | None:
        """Return a message by its id."""
        found = self.messages("id = ?", identifier)
        return found[0] if found else None

    def by_ids(self, identifiers: Sequence[str]) -> list[Message]:
        """Return the messages with these ids, oldest first."""
        found = []
        for first in range(0, len(identifiers), _AT_ONCE):
            some = identifiers[first : first + _AT_ONCE]
            found += self.messages(f"id IN ({', '.join('?' * len(some))})", *some)
        return sorted(found, key=lambda message: message.sequence)

    def messages(
        self, where: str, *values: object, limit: int = -1, newest: bool = False
    ) -> list[Message]:
        """Return messages that fulfil an SQL condition, oldest first; `newest` picks the last."""
        direction = "DESC" if newest else "ASC"
        rows = self.database.rows(
            f"SELECT {_MESSAGE} FROM messages WHERE {where} ORDER BY sequence {direction} LIMIT ?",
            (*values, limit),
        )
        found = list(map(_message, rows))
        return found[::-1] if newest else found

    def talk(self, sender: str, recipient: str, since: float) -> Talk:
        """Return what was said so far, as far as it decides on one message more."""
        values = {"me": sender, "you": recipient, "since": since, "operator": OPERATOR}
        (row,) = self.database.rows(_TALK, values)
        return Talk(*row)

    def climb(self, identifier: str, rung: Rung, **fields: Any) -> bool:
        """Bring a message to another rung, where the ladder allows it; False where not."""
        with self.database.transaction() as connection:
            row = connection.execute(
                "SELECT rung FROM messages WHERE id = ?", (identifier,)
            ).fetchone()
            if row is None or not may_climb(row["rung"], rung):
                return False
            self.handed += rung == "handed-over" and fields.get("route") != "client"
            fields = {**fields, "rung": rung, "lease_owner": "", "lease_until": 0.0}
            assignments = ", ".join(f"{column} = ?" for column in fields)
            connection.execute(
                f"UPDATE messages SET {assignments} WHERE id = ?", (*fields.values(), identifier)
            )
            return True

    def lease(self, identifier: str, owner: str, now: float, seconds: float) -> bool:
        """Take a message for this program alone for a while; False when another one has it."""
        return bool(
            self.database.change(
                "UPDATE messages SET lease_owner = ?, lease_until = ? WHERE id = ?"
                " AND rung IN ('queued', 'unknown') AND (lease_until <= ? OR lease_owner = ?)",
                (owner, now + seconds, identifier, now, owner),
            )
        )

    def hand_to_client(self, peer: Peer, now: float, detail: str, limit: int) -> list[Message]:
        """Give out what waits for a peer that fetches its messages, each of them once."""
        if not self.messages("recipient = ? AND rung = 'queued'", peer.name, limit=1):
            return []  # as it mostly is: who asks each second shall not lock the file each time
        with self.database.transaction() as connection:
            found = self.messages("recipient = ? AND rung = 'queued'", peer.name, limit=limit)
            connection.executemany(
                "UPDATE messages SET attempts = attempts + 1, handed_generation = ?,"
                " rung = 'handed-over', route = 'client', detail = ?, handed_at = ?,"
                " lease_owner = '', lease_until = 0 WHERE id = ?",
                [(peer.generation, detail, now, message.id) for message in found],
            )
            return found

    def left_by_clients(self) -> list[Message]:
        """Return what clients fetched of which nothing can be learned any more: they are gone."""
        return self.messages(
            "rung = 'handed-over' AND route IN ('client', 'bridge') AND EXISTS (SELECT 1 FROM peers"
            " WHERE name = recipient AND (state = 'gone' OR generation > handed_generation))",
        )

    def watched(self, since: float) -> list[str]:
        """Return the ids of all that was handed over and may yet be proven."""
        rows = self.database.rows(
            "SELECT id FROM messages WHERE rung IN ('handed-over', 'seen')"
            " AND handed_at > ? AND recipient != ? AND route NOT IN ('client', 'bridge', 'nats')"
            " AND NOT (rung = 'seen' AND urgency = 'fyi')",
            (since, OPERATOR),
        )
        return [row["id"] for row in rows]

    def begin_attempt(self, identifier: str, generation: int, offset: int) -> None:
        """Note that a message is about to be handed over: after a crash, it may have been."""
        self.database.change(
            "UPDATE messages SET attempts = attempts + 1, handed_generation = ?, base_offset = ?"
            " WHERE id = ?",
            (generation, offset, identifier),
        )

    def wake(self, recipient: str) -> int:
        """Make what waits for a peer due now: it is back, or idle."""
        return self.database.change(
            "UPDATE messages SET next_at = 0 WHERE recipient = ?"
            " AND rung IN ('queued', 'unknown') AND next_at > 0",
            (recipient,),
        )

    def postpone(self, identifier: str, until: float, detail: str) -> None:
        """Try a message later."""
        self.database.change(
            "UPDATE messages SET next_at = ?, detail = ?, lease_owner = '', lease_until = 0"
            " WHERE id = ?",
            (until, detail, identifier),
        )

    def due(self, now: float, limit: int = 200) -> list[Message]:
        """Return what can be handed over now, oldest first, but what its recipient fetches."""
        return self.messages(
            f"{_CARRIED} AND next_at <= ? AND lease_until <= ?", now, now, limit=limit
        )

    def next_due(self, now: float) -> float | None:
        """Return when the next message that is put off is due, None without any."""
        query = f"SELECT min(next_at) AS at FROM messages WHERE {_CARRIED} AND next_at > ?"
        row = self.database.row(query, (now,))
        return row["at"] if row else None

    def read_by_operator(self, sender: str) -> int:
        """Count a peer's messages to the operator as opened, and so as seen."""
        return self.database.change(
            "UPDATE messages SET is_read = 1, rung = CASE WHEN rung = 'replied' THEN rung"
            " ELSE 'seen' END WHERE recipient = ? AND sender = ? AND is_read = 0",
            (OPERATOR, sender),
        )

    # --- receipts ---------------------------------------------------------------------------

    def owe_receipt(self, identifier: str, fleet: str) -> None:
        """Remember that a message is another fleet's, which wants to know what becomes of it."""
        query = "INSERT OR IGNORE INTO receipts (id, fleet) VALUES (?, ?)"
        self.database.change(query, (identifier, fleet))

    def owed_receipts(self, limit: int = 200) -> list[tuple[str, str, Rung, str]]:
        """Return messages of other fleets on another rung than they were told: with the rung."""
        rows = self.database.rows(
            "SELECT r.id, r.fleet, m.rung, m.detail FROM receipts r JOIN messages m ON m.id = r.id"
            " WHERE m.rung != r.told LIMIT ?",
            (limit,),
        )
        return [(row["id"], row["fleet"], row["rung"], row["detail"]) for row in rows]

    def gave_receipt(self, identifier: str, rung: Rung) -> None:
        """Note what a fleet was told; with the last word, nothing more is owed."""
        self.database.change("UPDATE receipts SET told = ? WHERE id = ?", (rung, identifier))
        if rung == "replied":
            self.database.change("DELETE FROM receipts WHERE id = ?", (identifier,))


def _free_name(connection: sqlite3.Connection, wanted: str) -> str:
    label, _, host = wanted.partition("@")
    name, number = wanted, 1
    while connection.execute("SELECT 1 FROM peers WHERE name = ?", (name,)).fetchone():
        number += 1
        name = f"{label}-{number}@{host}"
    return name


def _values(thing: Peer | Message, columns: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(thing, column) for column in columns)


def _message(row: sqlite3.Row) -> Message:
    values = list(row)
    values[_IS_READ] = bool(values[_IS_READ])
    return Message(*values)
