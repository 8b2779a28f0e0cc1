"""The agent sessions of a demo host: found, written to, and answering, as real ones would be.

They answer the three programs by which peers are found (`peers.scripts`) and spoken to
(`transport.unix_socket`); the rungs that a message climbs are what these sessions do with it.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_tui.peers.doors import KEY_LINE
from fleet_tui.peers.scripts import LOOK_LINE, MARKER, PROOF_LINE
from fleet_tui.transport.unix_socket import SOCKET_LINE

if TYPE_CHECKING:
    from fleet_tui.demo.host import Personality
    from fleet_tui.demo.pace import Pace

FIRST_SIZE = 138_000
"""Bytes of a transcript that has one turn."""
SEEN_AFTER, ANSWERED_AFTER = 0.8, 2.6
BACK_AFTER = 12.0
"""Seconds after which a session that was killed is there again."""
_ID = re.compile(r"\[fleet message (m-[0-9A-Z]{26}) from")
_QUESTION = re.compile(r"^(\d{1,2})\. ", re.MULTILINE)
_WORK = (
    ("api", "add rate limits to the upload route", "idle"),
    ("web", "move the checkout page to the new form library", "busy"),
    ("infra", "find out why the nightly backup grew", "idle"),
    ("docs", "write the upgrade notes for 2.4", "waiting"),
)
_ANSWERS = (
    "On it: the tests of {project} pass here, two are skipped.",
    "DONE: rebased {project} on trunk, nothing in conflict.",
    "Nothing new in {project}; disk is {percent} % full.",
)


@dataclass(slots=True)
class _Letter:
    """One message to a session, and when the session gets on with it."""

    id: str
    offset: int
    seen_at: float
    answered_at: float
    answer: str


@dataclass(slots=True)
class DemoPeer:
    """One session with its transcript."""

    id: str
    pid: int
    started: int
    folder: str
    project: str
    prompt: str
    status: str
    size: int = FIRST_SIZE
    letters: list[_Letter] = field(default_factory=list)
    gone_until: float = 0.0


class DemoSessions:
    """The sessions of one host."""

    def __init__(self, host: Personality, pace: Pace) -> None:
        self._host = host
        self._scale = 1.0 / pace.speed if pace.speed > 0 else 0.0
        has_claude = "claude" in host.spec.agents and host.spec.kind != "windows"
        count = (1 + host.seed % 2) if has_claude else 0
        self._peers = [self._made(number) for number in range(count)]

    def answer(self, line: str) -> bytes | None:
        """Return what one of the programs prints here; None for any other line."""
        words = shlex.split(line) if line.startswith("sh -s fleet-peers-") else []
        program = " ".join(words[:3])
        if program == KEY_LINE:
            return b""
        if program == LOOK_LINE:
            return self._look()
        if program == PROOF_LINE:
            return self._proof(words[3:])
        if program == SOCKET_LINE and len(words) == 5:
            self._hear(words[3], base64.b64decode(words[4]))
            return b""
        return None

    def _made(self, number: int) -> DemoPeer:
        host = self._host
        project, prompt, status = _WORK[(host.seed + number) % len(_WORK)]
        identifier = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{number}.{host.name}.demo"))
        parent = host.workdir.rpartition("/")[0] or host.home
        return DemoPeer(
            identifier,
            2000 + host.seed % 5000 + number,
            host.seed % 100_000,
            f"{parent}/{project}",
            project,
            prompt,
            status,
        )

    def _live(self) -> list[DemoPeer]:
        now = time.time()
        for peer in self._peers:
            if peer.gone_until and now > peer.gone_until:
                peer.gone_until, peer.pid, peer.started = 0.0, peer.pid + 97, peer.started + 7
                peer.letters = [letter for letter in peer.letters if letter.seen_at < now]
        return [peer for peer in self._peers if not peer.gone_until]

    def _look(self) -> bytes:
        lines = []
        for peer in self._live():
            registered = {
                "pid": peer.pid,
                "sessionId": peer.id,
                "cwd": peer.folder,
                "procStart": str(peer.started),
                "version": "2.1.329",
                "name": f"{peer.project}-{peer.id[-2:]}",
                "nameSource": "derived",
                "status": peer.status,
                "messagingSocketPath": f"/tmp/cc-socks/{peer.pid}.sock",
            }
            if peer.status == "waiting":
                registered["waitingFor"] = "permission prompt"
            asked = {"type": "last-prompt", "lastPrompt": peer.prompt, "sessionId": peer.id}
            lines += [f"alive={peer.pid} {peer.started} 1", f"session={json.dumps(registered)}"]
            lines += [f"doing={json.dumps(asked)}"]
        for peer in self._live():
            lines += [f"git={peer.folder}", f"root={peer.folder}", f"common={peer.folder}/.git"]
            lines += ["branch=trunk", f"remote=git@git.example.com:homelab/{peer.project}.git"]
        return _whole(lines)

    def _proof(self, words: list[str]) -> bytes:
        now, lines = time.time(), []
        for session, _pid, start, ids in zip(*(iter(words),) * 4, strict=False):
            peer = next((p for p in self._peers if p.id == session), None)
            if peer is None:
                continue
            is_live = peer in self._live()
            lines += [f"of={session} {peer.started if is_live else '-'}", f"size={peer.size}"]
            first = peer.size if start == "end" else int(start)
            for letter in peer.letters:
                if letter.id in ids.split(",") and letter.offset >= first and letter.seen_at < now:
                    lines.append(f"seen={letter.offset} {letter.id}")
                    if letter.answered_at < now:
                        said = {"content": [{"type": "text", "text": letter.answer}]}
                        lines.append(
                            f"answer={letter.offset + 900} {json.dumps({'message': said})}"
                        )
        return _whole(lines)

    def _hear(self, path: str, data: bytes) -> None:
        """Take a message in; on the odd host the session dies before it reads it, once."""
        peer = next((p for p in self._live() if path.endswith(f"/{p.pid}.sock")), None)
        said = json.loads(data)["message"]["content"]
        found = _ID.search(said)
        if peer is None or found is None:
            return
        now = time.time()
        if self._host.spec.is_odd and not peer.letters:
            peer.gone_until = now + BACK_AFTER * self._scale
            return
        slow = {"slow": 3.0, "overloaded": 40.0}.get(self._host.spec.mood, 1.0) * self._scale
        seen = now + SEEN_AFTER * slow
        answered = seen + ANSWERED_AFTER * slow
        peer.letters.append(_Letter(found[1], peer.size, seen, answered, self._says(peer, said)))
        peer.size += 1_300 + len(said)

    def _says(self, peer: DemoPeer, said: str) -> str:
        questions = _QUESTION.findall(said)
        if questions:
            facts = (f"{peer.project}, on trunk", f"{self._host.disk_percent} % full", "no")
            return "\n".join(f"{n}. {facts[(int(n) - 1) % len(facts)]}" for n in questions)
        told = _ANSWERS[(self._host.seed + len(peer.letters)) % len(_ANSWERS)]
        return told.format(project=peer.project, percent=self._host.disk_percent)


def _whole(lines: list[str]) -> bytes:
    return "\n".join([f"{MARKER}=1", *lines, f"{MARKER}-end=1", ""]).encode()
