"""Peers as the store has them, read once for as long as nobody changes them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.model.peer import Peer
from fleet_tui.peers.schema import PEER_COLUMNS

if TYPE_CHECKING:
    import sqlite3

    from fleet_tui.peers.database import Database

_QUERY = f"SELECT {', '.join(PEER_COLUMNS)}, identity, token FROM peers ORDER BY name"


def read_peer(row: sqlite3.Row) -> Peer:
    """Return the peer of a row that has all its columns."""
    return Peer(**{column: row[column] for column in PEER_COLUMNS})


class KnownPeers:
    """All peers, by each of their keys; reads again after this or another program wrote some.

    That others wrote is told by SQLite's `data_version`; what this program writes must be told
    with `changed`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._version = -1
        self._is_old = True
        self._asked_in: asyncio.AbstractEventLoop | None = None
        """The loop in whose present turn it was asked already what others wrote."""
        self._all: tuple[Peer, ...] = ()
        self._by: dict[tuple[str, str], Peer] = {}

    def changed(self) -> None:
        """Read again when next asked."""
        self._is_old = True

    def all(self) -> tuple[Peer, ...]:
        """Return every peer, by name."""
        self._refresh()
        return self._all

    def find(self, key: str, value: str) -> Peer | None:
        """Return the peer whose `name`, `identity`, `client` or `token` this is."""
        if not value:
            return None
        self._refresh()
        return self._by.get((key, value))

    def _refresh(self) -> None:
        if self._was_just_asked() and not self._is_old:
            return
        version = self._database.others_version()
        if version == self._version and not self._is_old:
            return
        # Anything written from here on, by whomever, makes this reading an old one.
        self._version, self._is_old = version, False
        pairs = [(row, read_peer(row)) for row in self._database.rows(_QUERY)]
        self._all = tuple(peer for _, peer in pairs)
        self._by = {}
        for row, peer in pairs:
            self._by["name", peer.name] = peer
            self._by["client", peer.client] = peer
            self._by["identity", row["identity"]] = peer
            self._by["token", row["token"]] = peer

    def _was_just_asked(self) -> bool:
        """Tell whether it is the same turn of the loop still: what others write may come after."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return False
        if self._asked_in is loop:
            return True
        self._asked_in = loop
        loop.call_soon(self._forget)
        return False

    def _forget(self) -> None:
        self._asked_in = None
