"""Somebody's own claude-peers broker on a demo host, with a session of theirs behind it.

It keeps its peers and their mail as that broker does (see `peers.foreign`), as far as a bridge asks
for it; the session answers what is written to it, by the DONE convention.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fleet_tui.peers.stamps import iso
from fleet_tui.peers.stand_ins import STAND_IN_LINE

if TYPE_CHECKING:
    import asyncssh

    from fleet_tui.demo.host import Personality
    from fleet_tui.demo.inbox import Inbox
    from fleet_tui.demo.pace import Pace
    from fleet_tui.demo.streams import Streams

ANSWERED_AFTER = 4.0
FIRST_PID = 61_000
SESSION = "k7r2m9qd"
LABEL = "a claude-peers session, older than this fleet"
_LAST_LINE_OF_KEEPER = b"keep\n"


@dataclass(slots=True)
class _Registered:
    """One of its peers, with the mail that it has not fetched."""

    row: dict[str, Any]
    mail: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    """Each with the time from which on it is there."""


class TheirBroker:
    """What it keeps, for as long as the demo runs."""

    def __init__(self, host: Personality, pace: Pace) -> None:
        self._host = host
        self._delay = ANSWERED_AFTER / pace.speed if pace.speed > 0 else 0.0
        self._peers: dict[str, _Registered] = {}
        self._messages = 0
        self._next_pid = FIRST_PID + host.seed % 900
        folder = host.workdir.rpartition("/")[0] or host.home
        about = {"pid": 1_400 + host.seed % 300, "cwd": f"{folder}/reports"}
        self._register({**about, "summary": f"nightly reports; {LABEL}"}, SESSION)

    async def serve(
        self, reader: asyncssh.SSHReader[bytes], writer: asyncssh.SSHWriter[bytes]
    ) -> None:
        """Answer the requests of one connection until it is closed."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.split("\r\n")
                method, path, _ = first.split(" ", 2)
                fields = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
                body = await reader.readexactly(int(fields.get("content-length", "0")))
                status, value = self.answer(method, path, json.loads(body or b"{}"))
                said = json.dumps(value).encode()
                reason = {200: "OK", 404: "Not Found"}[status]
                writer.write(
                    f"HTTP/1.1 {status} {reason}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(said)}\r\n\r\n".encode()
                    + said
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, OSError):
            return  # who asked has gone
        finally:
            writer.close()

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Answer one request: status and value."""
        if method != "POST":
            return 200, {"status": "ok", "peers": len(self._peers)}
        mine = self._peers.get(str(body.get("id", "")))
        if path == "/register":
            return 200, {"id": self._register(body, f"p{body['pid']:07}")}
        if path == "/list-peers":
            return 200, [peer.row for peer in self._peers.values()]
        if path == "/send-message":
            return 200, self._send(str(body["from_id"]), str(body["to_id"]), str(body["text"]))
        if path == "/poll-messages":
            return 200, {"messages": self._fetched(mine) if mine else []}
        if path == "/set-summary" and mine is not None:
            mine.row["summary"] = body["summary"]
        if path == "/unregister" and mine is not None:
            del self._peers[mine.row["id"]]
        known = ("/set-summary", "/unregister", "/heartbeat")
        return (200, {"ok": True}) if path in known else (404, {"error": "not found"})

    async def keep_stand_ins(self, line: str, inbox: Inbox, streams: Streams) -> bool:
        """Play the processes that stand for peers elsewhere; False for any other line."""
        if line != STAND_IN_LINE:
            return False
        while (said := await inbox.read_line()) and said != _LAST_LINE_OF_KEEPER:
            pass
        await streams.write(b"ready\n")
        while said := await inbox.read_line():
            if said == b"new\n":
                self._next_pid += 1
                await streams.write(f"{self._next_pid}\n".encode())
        return True

    def _register(self, body: dict[str, Any], identifier: str) -> str:
        now = iso(time.time())
        row = {
            "id": identifier,
            "pid": body["pid"],
            "cwd": body["cwd"],
            "git_root": None,
            "tty": None,
            "summary": body["summary"],
            "registered_at": now,
            "last_seen": now,
        }
        self._peers[identifier] = _Registered(row)
        return identifier

    def _send(self, sender: str, to: str, text: str) -> dict[str, Any]:
        peer, asker = self._peers.get(to), self._peers.get(sender)
        if peer is None:
            return {"ok": False, "error": f"Peer {to} not found"}
        if to != SESSION:
            self._leave(peer, sender, text, time.time())
        elif asker is not None:
            done = f"DONE: the reports of {self._host.name} are written, 14 pages, nothing odd."
            self._leave(asker, SESSION, done, time.time() + self._delay)
        return {"ok": True}

    def _leave(self, peer: _Registered, sender: str, text: str, at: float) -> None:
        self._messages += 1
        mail = {"id": self._messages, "from_id": sender, "to_id": peer.row["id"], "text": text}
        peer.mail.append((at, {**mail, "sent_at": iso(at), "delivered": 0}))

    def _fetched(self, peer: _Registered) -> list[dict[str, Any]]:
        now = time.time()
        ready = [mail for at, mail in peer.mail if at <= now]
        peer.mail = [(at, mail) for at, mail in peer.mail if at > now]
        return ready
